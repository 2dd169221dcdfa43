import { z } from "zod";
import { ipAddress } from "./addresses.ts";

export const recordTypes = ["CNAME", "MX", "NS", "SRV", "SSHFP", "TXT"] as const;

const label = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";
/** A domain of one label or more (RFC 1035 2.3.1, with the underscores of RFC 8552); lower case. */
export const domainName = z
  .string()
  .max(253)
  .toLowerCase()
  .regex(
    new RegExp(`^${label}(\\.${label})*$`),
    "must be labels of letters, digits, '-' and '_' with dots between, at most 63 characters each and 253 in all",
  );
/** A name below a domain: labels, `@` for the domain itself, or `*` for whatever else is asked for. */
export const resourceName = z
  .string()
  .max(191)
  .toLowerCase()
  .regex(new RegExp(`^(@|(\\*\\.)?${label}(\\.${label})*|\\*)$`), "must be labels, '@' for the domain itself, or '*'");
export const timeToLive = z.int().min(0).max(604_800).describe("seconds that others may keep it");

const id = z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const forwardServers = z.array(ipAddress).max(16).describe("who is asked where the domain is not ours");

export const domain = z.object({
  id,
  name: z.string(),
  authoritative: z.boolean(),
  ttl: z.int().nullable(),
  forward_servers: z.array(z.string()),
  is_default: z.boolean().describe("machines and devices are in it unless somebody says otherwise"),
  resource_record_count: z.int(),
});
export type Domain = z.infer<typeof domain>;
const domainFields = {
  name: domainName.describe("such as lab.example"),
  authoritative: z.boolean().describe("false: others answer for it"),
  ttl: timeToLive.min(1).nullable().describe("seconds that others may keep its records that say nothing else"),
  forward_servers: forwardServers,
};
export const domainCreate = z.strictObject({
  name: domainFields.name,
  authoritative: domainFields.authoritative.default(true),
  ttl: domainFields.ttl.default(null),
  forward_servers: forwardServers.default([]),
});
export const domainUpdate = z.strictObject(domainFields).partial();

export const dnsRecord = z.object({
  id,
  type: z.enum(recordTypes),
  data: z.string(),
  ttl: z.int().nullable(),
});
export const dnsResource = z.object({
  id,
  name: z.string(),
  domain_id: id,
  fqdn: z.string(),
  address_ttl: z.int().nullable(),
  addresses: z.array(z.string()),
  records: z.array(dnsRecord),
});
export type DnsResource = z.infer<typeof dnsResource>;
const addresses = z.array(ipAddress).max(256).describe("IP addresses it has");
const resourceFields = {
  name: resourceName.describe(
    "what stands before the domain, such as www; '@': the domain itself, '*': whatever else is asked for",
  ),
  domain_id: id.describe("domain it is in"),
  address_ttl: timeToLive.nullable().describe("seconds that others may keep its addresses; null: as its domain says"),
  addresses,
};
export const dnsResourceCreate = z.strictObject({
  ...resourceFields,
  address_ttl: resourceFields.address_ttl.default(null),
  addresses: addresses.default([]),
});
/** `addresses` replaces those there are. */
export const dnsResourceUpdate = z.strictObject(resourceFields).partial();
const recordFields = {
  type: z.enum(recordTypes).describe("type of the record; addresses are told by the name itself"),
  data: z
    .string()
    .min(1)
    .max(65_535)
    .describe("what it says, as in a zone file, such as '10 mail.lab.example' of an MX"),
  ttl: timeToLive.nullable().describe("seconds that others may keep it; null: as its domain says"),
};
export const dnsRecordCreate = z.strictObject({ ...recordFields, ttl: recordFields.ttl.default(null) });
export const dnsRecordUpdate = z.strictObject(recordFields).partial();
