import { z } from "zod";
import { inventory } from "./inventory.ts";
import { failure } from "./failures.ts";
import { powerState } from "./rack-link.ts";
import { username } from "./users.ts";
import { architecture, firmware, hostname, instant, macAddress, systemId } from "./values.ts";
import { placeName } from "./zones.ts";

/** Statuses of a machine, with MAAS's names in lower-case words. */
export const machineStatuses = [
  "new",
  "commissioning",
  "failed commissioning",
  "testing",
  "failed testing",
  "ready",
  "reserved",
  "allocated",
  "deploying",
  "deployed",
  "failed deployment",
  "releasing",
  "failed releasing",
  "disk erasing",
  "failed disk erasing",
  "entering rescue mode",
  "rescue mode",
  "failed to enter rescue mode",
  "exiting rescue mode",
  "failed to exit rescue mode",
  "broken",
  "missing",
  "retired",
] as const;
export const machineStatus = z.enum(machineStatuses);
export type MachineStatus = z.infer<typeof machineStatus>;

/** Actions an operator may ask for; the life cycle table says in which status. */
export const machineActions = [
  "commission",
  "test",
  "override_failed_testing",
  "allocate",
  "deploy",
  "release",
  "abort",
  "rescue_mode",
  "exit_rescue_mode",
  "mark_broken",
  "mark_fixed",
  "lock",
  "unlock",
  "power_on",
  "power_off",
  "power_cycle",
  "query_power",
] as const;
export const machineAction = z.enum(machineActions);
export type MachineAction = z.infer<typeof machineAction>;

/** A machine as the API shows it. Secrets of its BMC are never part of it. */
export const machine = z.object({
  id: systemId,
  hostname,
  status: machineStatus,
  status_since: instant,
  waits_for: z.string().nullable().describe("what this status waits for, in words"),
  deadline: instant.nullable().describe("when the wait ends in failure"),
  failure: failure.nullable(),
  owner: z.string().nullable(),
  architecture: architecture.nullable(),
  firmware: firmware.nullable(),
  power_state: powerState,
  power_driver: z.string().nullable(),
  power_address: z.string().nullable(),
  cpu_count: z.int().nullable(),
  memory: z.int().nullable().describe("bytes"),
  storage: z.int().nullable().describe("bytes of all disks"),
  boot_mac: macAddress.nullable(),
  macs: z.array(macAddress),
  addresses: z.array(z.string()),
  image: z.string().nullable(),
  progress: z.object({ step: z.string(), title: z.string(), percent: z.number().nullable() }).nullable(),
  locked: z.boolean().describe("nothing but unlocking may be asked of it"),
  ephemeral: z.boolean().describe("deployed to memory: its system runs from RAM"),
  zone: z.string(),
  pool: z.string(),
  tags: z.array(z.string()),
  actions: z.array(machineAction).describe("what may be asked of it now"),
  created_at: instant,
});
export type Machine = z.infer<typeof machine>;

/** Whether an action may be asked for now, and where not, why. */
export const actionHint = z.object({ action: machineAction, allowed: z.boolean(), why: z.string().nullable() });
export type ActionHint = z.infer<typeof actionHint>;

export const machineDetail = machine.extend({
  previous_status: machineStatus.nullable(),
  inventory: inventory.nullable(),
  hints: z.array(actionHint).describe("every action, and why it is not allowed where it is not"),
});
export type MachineDetail = z.infer<typeof machineDetail>;

/** A machine made known by hand, before it ever booted. */
export const machineCreate = z.object({
  hostname: hostname.optional(),
  architecture: architecture.default("amd64"),
  macs: z.array(macAddress).min(1).max(64),
  power_driver: z.enum(["ipmi", "manual"]).default("manual"),
  power_parameters: z.record(z.string(), z.string().max(256)).default({}),
  zone: placeName.optional(),
  pool: placeName.optional(),
});
export const machineUpdate = z
  .object({
    hostname: hostname.optional(),
    power_driver: z.enum(["ipmi", "manual"]).optional(),
    power_parameters: z.record(z.string(), z.string().max(256)).optional(),
    zone: placeName.optional(),
    pool: placeName.optional(),
  })
  .strict();

const comment = z.string().max(2000).optional().describe("why, for the events");
const scriptNames = z.array(z.string().min(1).max(200)).max(1000);
const scriptParameters = z
  .record(z.string().max(200), z.record(z.string().max(200), z.string().max(4096)))
  .describe("values of the scripts' parameters: script name → parameter → value");

export const commissionRequest = z.strictObject({
  comment,
  commissioning_scripts: scriptNames
    .or(z.literal("none"))
    .optional()
    .describe(
      "names or tags; by default all that are not for particular hardware; 'none': only the built-in inventory",
    ),
  testing_scripts: scriptNames
    .or(z.literal("none"))
    .optional()
    .describe("names or tags to run once the inventory is taken; by default those tagged commissioning"),
  commissioning_parameters: scriptParameters.optional(),
  testing_parameters: scriptParameters.optional(),
  keep_on: z.boolean().default(false).describe("stay on afterwards, so that somebody can log in"),
  skip_bmc_config: z.boolean().optional().describe("leave the BMC as it is: make no account there"),
  skip_storage: z
    .boolean()
    .optional()
    .describe("keep how storage is configured; otherwise the default layout takes its place"),
});
export const testRequest = z.strictObject({
  comment,
  testing_scripts: scriptNames.optional().describe("names or tags; by default those tagged commissioning"),
  parameters: scriptParameters.optional(),
  keep_on: z.boolean().default(false).describe("stay on afterwards, so that somebody can log in"),
});
export const releaseRequest = z.strictObject({
  comment,
  erase: z.boolean().optional().describe("wipe all disks first; by default what the settings say"),
  secure_erase: z.boolean().optional().describe("by the disk's own secure erase where it has one; implies erase"),
  quick_erase: z.boolean().optional().describe("only the beginning and end of each disk; implies erase"),
  scripts: scriptNames.optional().describe("release scripts to run, names or tags"),
  parameters: scriptParameters.optional(),
});
export type CommissionRequest = z.infer<typeof commissionRequest>;
export type TestRequest = z.infer<typeof testRequest>;
export type ReleaseRequest = z.infer<typeof releaseRequest>;
export const commentRequest = z.strictObject({ comment });

export const deployRequest = z.strictObject({
  image: z.string().default("debian-12"),
  ephemeral: z.boolean().default(false).describe("run the image from memory and leave the disks alone"),
  user_data: z.string().max(1_000_000).optional().describe("cloud-init user data for the installed system"),
  owner: username.optional().describe("for whom, where an administrator asks; by default the caller"),
  comment,
});

/** What can be asked of many machines at once; each is done for itself and answered for itself. */
export const bulkRequest = z.strictObject({
  machines: z.array(systemId).min(1).max(1000).describe("ids"),
  action: z
    .enum([...machineActions, "set_zone", "set_pool", "add_tags", "remove_tags", "delete"])
    .exclude(["allocate"]),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("the body the action takes for one machine; {zone}, {pool} or {tags: […]} for those that set them"),
});
export const bulkResult = z.object({
  done: z.int().describe("how many machines did as asked"),
  items: z.array(
    z.object({
      id: z.string(),
      ok: z.boolean(),
      status: machineStatus.nullable().describe("afterwards"),
      code: z.string().nullable(),
      error: z.string().nullable(),
      next: z.string().nullable(),
    }),
  ),
});
export type BulkResult = z.infer<typeof bulkResult>;

/** Copies what an operator set up on one machine to others of its kind. */
export const cloneRequest = z.strictObject({
  source: systemId,
  destinations: z.array(systemId).min(1).max(500),
  place: z.boolean().default(false).describe("zone and pool"),
  tags: z.boolean().default(false).describe("tags given by hand"),
});

/** One name or several. */
const names = z.union([placeName, z.array(placeName).max(100)]);
/** One subnet or VLAN, or several. */
const specifiers = z.union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).max(100)]);
export const allocateRequest = z.object({
  id: systemId.optional(),
  hostname: hostname.optional(),
  architecture: architecture.optional(),
  cpu_count: z.int().positive().optional().describe("at least"),
  memory: z.int().positive().optional().describe("at least, in bytes"),
  zone: names.optional().describe("in one of these zones"),
  not_zone: names.optional().describe("in none of these zones"),
  pool: names.optional().describe("in one of these resource pools"),
  not_pool: names.optional().describe("in none of these resource pools"),
  tags: names.optional().describe("with all of these tags"),
  not_tags: names.optional().describe("with none of these tags"),
  subnets: specifiers.optional().describe("linked to all of these subnets: id, name, network, or type:value"),
  not_subnets: specifiers.optional().describe("linked to none of these subnets"),
  vlans: specifiers.optional().describe("with an interface on one of these VLANs: its tag, or type:value"),
  not_vlans: specifiers.optional().describe("with an interface on none of these VLANs"),
  storage: z.string().max(10_000).optional().describe("disks: [label:]size[(tag,…)],… in GB; the first is where / is"),
  interfaces: z.string().max(10_000).optional().describe("interfaces: label:key=value,…;label2:…"),
  devices: z.string().max(10_000).optional().describe("a PCI or USB device: vendor_id=…,product_id=…"),
  agent_name: z.string().max(255).optional().describe("who allocates, where it is a program; gone with the release"),
  comment,
  owner: username.optional().describe("for whom, where an administrator asks; by default the caller"),
});
