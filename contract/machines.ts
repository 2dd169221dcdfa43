import { z } from "zod";
import { inventory } from "./agent.ts";
import { failure } from "./failures.ts";
import { powerState } from "./rack-link.ts";
import { username } from "./users.ts";
import { architecture, firmware, hostname, instant, macAddress, systemId } from "./values.ts";

/** Statuses of a machine, with MAAS's names in lower-case words. */
export const machineStatuses = [
  "new",
  "commissioning",
  "failed commissioning",
  "ready",
  "allocated",
  "deploying",
  "deployed",
  "failed deployment",
  "releasing",
  "failed releasing",
] as const;
export const machineStatus = z.enum(machineStatuses);
export type MachineStatus = z.infer<typeof machineStatus>;

/** Actions an operator may ask for; the life cycle table says in which status. */
export const machineActions = [
  "commission",
  "allocate",
  "deploy",
  "release",
  "abort",
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
  actions: z.array(machineAction).describe("what may be asked of it now"),
  created_at: instant,
});
export type Machine = z.infer<typeof machine>;

export const machineDetail = machine.extend({ inventory: inventory.nullable() });
export type MachineDetail = z.infer<typeof machineDetail>;

/** A machine made known by hand, before it ever booted. */
export const machineCreate = z.object({
  hostname: hostname.optional(),
  architecture: architecture.default("amd64"),
  macs: z.array(macAddress).min(1).max(64),
  power_driver: z.enum(["ipmi", "manual"]).default("manual"),
  power_parameters: z.record(z.string(), z.string().max(256)).default({}),
});
export const machineUpdate = z
  .object({
    hostname: hostname.optional(),
    power_driver: z.enum(["ipmi", "manual"]).optional(),
    power_parameters: z.record(z.string(), z.string().max(256)).optional(),
  })
  .strict();

export const deployRequest = z.object({
  image: z.string().default("debian-12"),
  user_data: z.string().max(1_000_000).optional().describe("cloud-init user data for the installed system"),
  owner: username.optional().describe("for whom, where an administrator asks; by default the caller"),
});
export const allocateRequest = z.object({
  id: systemId.optional(),
  hostname: hostname.optional(),
  architecture: architecture.optional(),
  cpu_count: z.int().positive().optional().describe("at least"),
  memory: z.int().positive().optional().describe("at least, in bytes"),
  owner: username.optional().describe("for whom, where an administrator asks; by default the caller"),
});

/** A phase of a machine's life, read from its events. */
export const phase = z.object({
  name: z.enum(["enlist", "commission", "deploy", "ssh", "release"]),
  started_at: instant,
  ended_at: instant.nullable(),
  seconds: z.number().nullable(),
  outcome: z.enum(["running", "ok", "failed"]),
});
export const timeline = z.object({ machine_id: systemId, phases: z.array(phase) });
export type Timeline = z.infer<typeof timeline>;
