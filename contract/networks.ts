import { z } from "zod";
import { ipv4Address, ipv4Cidr } from "./values.ts";

/** A subnet: learnt from a rack's interface or made by hand. DHCP answers strangers where it has a dynamic range. */
export const subnet = z.object({
  id: z.int(),
  cidr: ipv4Cidr,
  gateway: ipv4Address.nullable(),
  dns_servers: z.array(ipv4Address),
  ntp_servers: z.array(ipv4Address),
  mtu: z.int().nullable(),
  dhcp: z.boolean(),
  dynamic_ranges: z.array(z.object({ first: ipv4Address, last: ipv4Address })),
});
export type Subnet = z.infer<typeof subnet>;
const subnetFields = {
  gateway: ipv4Address.nullable(),
  dns_servers: z.array(ipv4Address).max(8),
  ntp_servers: z.array(ipv4Address).max(8),
  mtu: z.int().min(576).max(65535).nullable(),
  dhcp: z.boolean(),
  dynamic_ranges: z.array(z.object({ first: ipv4Address, last: ipv4Address })).max(64),
};
export const subnetCreate = z.object({
  cidr: ipv4Cidr,
  gateway: subnetFields.gateway.default(null),
  dns_servers: subnetFields.dns_servers.default([]),
  ntp_servers: subnetFields.ntp_servers.default([]),
  mtu: subnetFields.mtu.default(null),
  dhcp: subnetFields.dhcp.default(false),
  dynamic_ranges: subnetFields.dynamic_ranges.default([]),
});
/** No defaults here: a field that is not given stays as it is. */
export const subnetUpdate = z.object(subnetFields).partial().strict();

export const lease = z.object({
  subnet_id: z.int(),
  address: ipv4Address,
  mac: z.string(),
  hostname: z.string().nullable(),
  expires_at: z.string(),
});
