import { z } from "zod";
import { failure } from "./failures.ts";
import { architecture, firmware, instant, macAddress, sha256, systemId } from "./values.ts";

/**
 * The agent talks to `/agent/v1/…` of the rack it booted from, which passes it on to a region. It proves who it is with
 * the machine's OAuth 1.0a PLAINTEXT credentials, the same the metadata service takes; only enlisting is anonymous.
 */
export const credentials = z.object({ consumer_key: z.string(), token_key: z.string(), token_secret: z.string() });
export type Credentials = z.infer<typeof credentials>;

export const networkInterface = z.object({
  name: z.string().max(64),
  mac: macAddress,
  link: z.boolean(),
  speed_mbps: z.int().nullable(),
  vendor: z.string().nullable(),
  product: z.string().nullable(),
  driver: z.string().nullable(),
  addresses: z.array(z.string()),
  boot: z.boolean().describe("the one the machine booted from (BOOTIF)"),
});
export type NetworkInterface = z.infer<typeof networkInterface>;

export const disk = z.object({
  name: z.string().max(64).describe("kernel name such as vda"),
  path: z.string().describe("stable path below /dev/disk/by-id, or /dev/<name>"),
  size: z.int().nonnegative().describe("bytes"),
  block_size: z.int(),
  model: z.string().nullable(),
  serial: z.string().nullable(),
  firmware_version: z.string().nullable(),
  rotational: z.boolean(),
  removable: z.boolean(),
  read_only: z.boolean(),
  transport: z.string().nullable(),
});
export type Disk = z.infer<typeof disk>;

export const dmi = z.object({
  system_vendor: z.string().nullable(),
  system_product: z.string().nullable(),
  system_version: z.string().nullable(),
  system_serial: z.string().nullable(),
  system_uuid: z.string().nullable(),
  board_vendor: z.string().nullable(),
  board_product: z.string().nullable(),
  board_serial: z.string().nullable(),
  chassis_serial: z.string().nullable(),
  firmware_vendor: z.string().nullable(),
  firmware_version: z.string().nullable(),
  firmware_date: z.string().nullable(),
});

const busDevice = z.object({
  address: z.string(),
  vendor_id: z.string(),
  product_id: z.string(),
  vendor: z.string().nullable(),
  product: z.string().nullable(),
  class: z.string().nullable(),
  driver: z.string().nullable(),
});

/** What commissioning finds out about a machine. */
export const inventory = z.object({
  architecture,
  firmware,
  kernel: z.string(),
  cpu: z.object({
    model: z.string().nullable(),
    vendor: z.string().nullable(),
    sockets: z.int(),
    cores: z.int(),
    threads: z.int(),
    speed_mhz: z.int().nullable(),
    flags: z.array(z.string()).max(2000),
  }),
  memory: z.object({
    total: z.int().describe("bytes"),
    modules: z
      .array(
        z.object({
          locator: z.string().nullable(),
          size: z.int(),
          type: z.string().nullable(),
          speed_mts: z.int().nullable(),
          manufacturer: z.string().nullable(),
          part: z.string().nullable(),
        }),
      )
      .max(4096),
  }),
  disks: z.array(disk).max(4096),
  interfaces: z.array(networkInterface).max(4096),
  dmi,
  pci: z.array(busDevice).max(4096),
  usb: z.array(busDevice).max(4096),
  virtualization: z.string().nullable(),
});
export type Inventory = z.infer<typeof inventory>;

/** A BMC found from inside the machine, ready to be used as power parameters. */
export const foundBmc = z.object({ driver: z.literal("ipmi"), parameters: z.record(z.string(), z.string()) });
export type FoundBmc = z.infer<typeof foundBmc>;

export const enlistRequest = z.object({
  architecture,
  firmware,
  uuid: z.string().max(64).nullable(),
  serial: z.string().max(256).nullable(),
  interfaces: z.array(networkInterface).min(1).max(256),
  bmc: foundBmc.nullable(),
});
export type EnlistRequest = z.infer<typeof enlistRequest>;
export const enlistAnswer = z.object({
  system_id: systemId,
  hostname: z.string(),
  credentials: credentials
    .nullable()
    .describe("null: this machine was already known, or an operator must accept it first"),
  next: z.enum(["task", "poweroff"]),
});
export type EnlistAnswer = z.infer<typeof enlistAnswer>;

/** Actions of curtin's storage configuration version 1 (its documented format) that the agent carries out. */
export const storageAction = z.discriminatedUnion("type", [
  z.object({
    id: z.string(),
    type: z.literal("disk"),
    path: z.string().optional(),
    serial: z.string().optional(),
    ptable: z.literal("gpt"),
    wipe: z.literal("superblock"),
    grub_device: z.boolean().optional(),
  }),
  z.object({
    id: z.string(),
    type: z.literal("partition"),
    device: z.string(),
    number: z.int().positive(),
    size: z.int().positive().describe("bytes").or(z.literal("rest")),
    flag: z.enum(["bios_grub", "boot", "linux"]),
    grub_device: z.boolean().optional(),
  }),
  z.object({
    id: z.string(),
    type: z.literal("format"),
    volume: z.string(),
    fstype: z.enum(["ext4", "xfs", "fat32"]),
    label: z.string().max(16),
    uuid: z.string(),
  }),
  z.object({
    id: z.string(),
    type: z.literal("mount"),
    device: z.string(),
    path: z.string(),
    options: z.string().optional(),
  }),
]);
export type StorageAction = z.infer<typeof storageAction>;

/** Everything needed to put an operating system on this machine's disk. */
export const installPlan = z.object({
  firmware,
  hostname: z.string(),
  source: z.object({
    type: z.literal("squashfs"),
    image: z.string(),
    path: z.string().describe("path on the rack, /images/<sha256>/squashfs"),
    sha256,
    size: z.int(),
  }),
  storage: z.object({ version: z.literal(1), config: z.array(storageAction) }),
  network: z.looseObject({ version: z.literal(2) }).describe("network configuration version 2 (netplan)"),
  write_files: z.array(
    z.object({ path: z.string().startsWith("/"), content: z.string(), permissions: z.string().regex(/^0[0-7]{3}$/) }),
  ),
  kernel_options: z.string(),
});
export type InstallPlan = z.infer<typeof installPlan>;

/** What the machine shall do now. */
export const agentTask = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("commission"),
    system_id: systemId,
    configure_bmc: z.boolean(),
    afterwards: z.enum(["poweroff", "reboot", "stay"]),
  }),
  z.object({ kind: z.literal("install"), system_id: systemId, plan: installPlan, afterwards: z.literal("reboot") }),
  z.object({ kind: z.literal("poweroff"), system_id: systemId, reason: z.string() }),
]);
export type AgentTask = z.infer<typeof agentTask>;

const reportBase = { sequence: z.int().nonnegative(), at: instant };
const bounded = z.string().max(1_000_000);

/** Reports stream while the work goes on. `sequence` starts at 0 in each run, so that a repeated batch counts once. */
export const agentReport = z.discriminatedUnion("kind", [
  z.object({ ...reportBase, kind: z.literal("started"), task: z.string(), agent: z.string(), uptime: z.number() }),
  z.object({
    ...reportBase,
    kind: z.literal("step"),
    step: z.string().max(64),
    title: z.string().max(200),
    state: z.enum(["started", "done", "failed"]),
    seconds: z.number().optional(),
    failure: failure.optional(),
  }),
  z.object({
    ...reportBase,
    kind: z.literal("progress"),
    step: z.string().max(64),
    percent: z.number().min(0).max(100),
    message: z.string().max(200),
  }),
  z.object({ ...reportBase, kind: z.literal("inventory"), inventory }),
  z.object({ ...reportBase, kind: z.literal("bmc"), bmc: foundBmc }),
  z.object({
    ...reportBase,
    kind: z.literal("result"),
    name: z.string().max(100),
    exit_status: z.int(),
    runtime: z.number(),
    output: bounded,
    error: bounded,
  }),
  z.object({ ...reportBase, kind: z.literal("log"), lines: z.array(z.string().max(2000)).max(500) }),
  z.object({ ...reportBase, kind: z.literal("heartbeat") }),
  z.object({
    ...reportBase,
    kind: z.literal("finished"),
    outcome: z.enum(["ok", "failed"]),
    failure: failure.optional(),
  }),
]);
export type AgentReport = z.infer<typeof agentReport>;
export const agentReports = z.object({
  run: z.string().max(64).describe("identity of this run of the agent"),
  reports: z.array(agentReport).min(1).max(1000),
});
export const agentReportsAnswer = z.object({
  through: z.int(),
  stop: z.boolean().describe("the region no longer wants this task done: power off"),
});
