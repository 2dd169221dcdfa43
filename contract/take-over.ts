import { z } from "zod";
import { username } from "./users.ts";
import { architecture, hostname, macAddress, systemId } from "./values.ts";
import { placeName } from "./zones.ts";

/** Statuses in which a machine can come from elsewhere: those in which nothing goes on. */
export const takeOverStatuses = [
  "new",
  "failed commissioning",
  "failed testing",
  "ready",
  "reserved",
  "allocated",
  "deployed",
  "failed deployment",
  "broken",
  "missing",
  "retired",
] as const;

/** A machine that another tool has looked after, as it stands there. */
export const machineTakeOver = z.strictObject({
  id: systemId.optional().describe("its system id there, so that whoever knows the machine by it still does"),
  hostname: hostname.describe("what it is called there"),
  architecture: architecture.default("amd64").describe("of its CPU"),
  interfaces: z
    .array(z.strictObject({ name: z.string().min(1).max(64), mac: macAddress }))
    .max(64)
    .describe(
      'its network cards, such as [{"name":"eth0","mac":"52:54:00:12:34:56"}]; the first is the one it boots from',
    ),
  status: z.enum(takeOverStatuses).describe("how it stands there"),
  owner: username.optional().describe("whose it is; needed where it is reserved, allocated or deployed"),
  image: z.string().max(200).nullable().default(null).describe("what it runs, where it is deployed"),
  power_driver: z.enum(["ipmi", "manual"]).default("manual").describe("how its power is switched"),
  power_parameters: z
    .record(z.string(), z.string().max(256))
    .default({})
    .describe("of its BMC: power_address, power_user, power_pass …"),
  zone: placeName.optional().describe("zone it comes to; left out: the default one"),
  pool: placeName.optional().describe("resource pool it comes to; left out: the default one"),
  tags: z.array(z.string().max(256)).max(1000).default([]).describe("tags given by hand"),
  description: z.string().max(10_000).default("").describe("what it is for, in your words"),
  cpu_count: z.int().min(1).max(65_536).optional().describe("CPU threads, until it is commissioned here"),
  memory: z.int().min(1).optional().describe("bytes, until it is commissioned here"),
  locked: z.boolean().default(false).describe("nothing can be asked of it until it is unlocked"),
});
export type MachineTakeOver = z.output<typeof machineTakeOver>;
