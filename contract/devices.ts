import { z } from "zod";
import { nodeInterface } from "./interfaces.ts";
import { hostname, instant, macAddress, systemId } from "./values.ts";
import { placeName } from "./zones.ts";

const domainId = z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const fields = {
  hostname: hostname.describe("by default a name people can say"),
  description: z.string().max(10_000).describe("what it is, in your words"),
  domain_id: domainId.describe("by default the default domain"),
  zone: placeName.describe("by default the default zone"),
  parent: systemId.nullable().describe("machine it runs on, with which it is deleted or released"),
};

/** What has addresses and names and is not provisioned: a switch, a printer, a container of a machine. */
export const device = z.object({
  id: systemId,
  hostname: z.string(),
  domain_id: domainId,
  fqdn: z.string(),
  description: z.string(),
  zone: z.string(),
  owner: z.string().nullable(),
  parent: z.string().nullable(),
  annotations: z.record(z.string(), z.string()).describe("what its owner wrote on it"),
  interfaces: z.array(nodeInterface),
  created_at: instant,
});
export type Device = z.infer<typeof device>;
export const deviceCreate = z
  .strictObject({ ...fields, macs: z.array(macAddress).min(1).max(64).describe("MAC addresses of its network cards") })
  .partial()
  .required({ macs: true });
/** What is not given stays. */
export const deviceUpdate = z
  .strictObject({
    ...fields,
    swap_size: z
      .int()
      .min(0)
      .max(2 ** 50)
      .nullable()
      .describe("bytes of its swap file; kept for clients of MAAS"),
  })
  .partial();
/** Keys and their values; an empty value takes the key away. */
export const annotationChange = z
  .record(z.string().min(1).max(256), z.string().max(10_000))
  .refine((change) => Object.keys(change).length <= 256, "must be at most 256 keys");
