import { z } from "zod";
import { ipAddress, ipNetwork } from "./addresses.ts";
import { hostname, instant, macAddress } from "./values.ts";

/** What a fabric, VLAN, space or subnet may be called. */
export const networkName = z
  .string()
  .max(256)
  .regex(/^[\p{L}\p{N}_]([\p{L}\p{N}_ .-]*[\p{L}\p{N}_.-])?$/u, {
    error:
      "must be letters, digits, '_', '-', '.' and spaces, beginning with a letter or digit, and at most 256 of them",
  });
const description = z.string().max(2000);
const whatFor = description.describe("what it is for, in your words");
const id = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Switches that are joined: VLAN tags mean the same everywhere on a fabric. */
export const fabric = z.object({
  id,
  name: networkName,
  description,
  class_type: z.string().nullable().describe("what it is good for, such as 10g or storage"),
});
export type Fabric = z.infer<typeof fabric>;
const fabricFields = {
  name: networkName.describe("what it is called"),
  description: whatFor,
  class_type: z.string().max(256).nullable().describe("what it is good for, such as 10g or storage"),
};
export const fabricCreate = z.strictObject({
  name: networkName.optional().describe("left out: fabric- and its number"),
  description: whatFor.default(""),
  class_type: fabricFields.class_type.default(null),
});
export const fabricUpdate = z.strictObject(fabricFields).partial();

/** Networks that machines reach one another on: VLANs that are routed to each other. */
export const space = z.object({ id, name: networkName, description });
export type Space = z.infer<typeof space>;
export const spaceCreate = z.strictObject({
  name: networkName.optional().describe("left out: space- and its number"),
  description: whatFor.default(""),
});
export const spaceUpdate = z
  .strictObject({ name: networkName.describe("what it is called"), description: whatFor })
  .partial();

/** A broadcast domain of a fabric. Each fabric has the untagged one, with tag 0. */
export const vlan = z.object({
  id,
  fabric_id: id,
  vid: z.int().describe("the tag; 0: untagged"),
  name: networkName.nullable(),
  description,
  mtu: z.int(),
  space_id: id.nullable(),
  dhcp: z.boolean().describe("whether DHCP is on for any of its subnets"),
  primary_rack: z.string().nullable().describe("the rack that answers DHCP; null: every rack that is on it"),
  secondary_rack: z.string().nullable().describe("the rack that answers DHCP too"),
  relay_vlan_id: id.nullable().describe("where DHCP requests are relayed to, by a relay that is not ours"),
  external_dhcp: z.string().nullable().describe("address of a DHCP server that is not ours, as a rack saw it last"),
});
export type Vlan = z.infer<typeof vlan>;
const vlanFields = {
  fabric_id: id.describe("fabric it is in"),
  vid: z.int().min(0).max(4094).describe("its tag; 0: untagged"),
  name: networkName.nullable().describe("what it is called"),
  description: whatFor,
  mtu: z.int().min(552).max(65535).describe("largest packet in bytes"),
  space_id: id.nullable().describe("space it is in"),
  dhcp: z.boolean().describe("for all of its subnets that have a dynamic range"),
  primary_rack: hostname.nullable().describe("name of the rack that answers DHCP; null: every rack that is on it"),
  secondary_rack: hostname.nullable().describe("name of a rack that answers DHCP too"),
  relay_vlan_id: id.nullable().describe("VLAN that DHCP requests are relayed to, by a relay that is not ours"),
};
export const vlanCreate = z.strictObject({
  ...vlanFields,
  name: vlanFields.name.default(null),
  description: whatFor.default(""),
  mtu: vlanFields.mtu.default(1500),
  space_id: vlanFields.space_id.default(null),
  dhcp: vlanFields.dhcp.default(false),
  primary_rack: vlanFields.primary_rack.default(null),
  secondary_rack: vlanFields.secondary_rack.default(null),
  relay_vlan_id: vlanFields.relay_vlan_id.default(null),
});
export const vlanUpdate = z
  .strictObject({
    ...vlanFields,
    external_dhcp: z.null().describe("forgets the other DHCP server, until a rack sees one again"),
  })
  .partial();

/** A subnet: learnt from a rack's interface or made by hand. DHCP answers strangers where it has a dynamic range. */
export const subnet = z.object({
  id,
  cidr: ipNetwork,
  name: z.string().describe("its network, where nobody named it"),
  description,
  vlan_id: id,
  gateway: ipAddress.nullable(),
  dns_servers: z.array(ipAddress),
  ntp_servers: z.array(ipAddress),
  mtu: z.int().nullable().describe("what DHCP tells; null: what its VLAN has"),
  dhcp: z.boolean(),
  dynamic_ranges: z.array(z.object({ first: ipAddress, last: ipAddress })),
  managed: z.boolean().describe("false: addresses are picked from its reserved ranges only"),
  rdns_mode: z.int().describe("0: no reverse names, 1: names, 2: also for parts of a network (RFC 2317)"),
  active_discovery: z.boolean(),
  allow_dns: z.boolean(),
  allow_proxy: z.boolean(),
  disabled_boot_architectures: z.array(z.string()),
});
export type Subnet = z.infer<typeof subnet>;
const subnetFields = {
  name: z.string().trim().min(1).max(256).describe("what it is called; left out: its network"),
  description: whatFor,
  vlan_id: id.describe("VLAN it is in"),
  gateway: ipAddress.nullable().describe("its router"),
  dns_servers: z.array(ipAddress).max(8).describe("told by DHCP, and to deployed machines"),
  ntp_servers: z.array(ipAddress).max(8).describe("told by DHCP"),
  mtu: z.int().min(576).max(65535).nullable().describe("what DHCP tells; null: what its VLAN has"),
  dhcp: z.boolean().describe("whether DHCP answers on it"),
  dynamic_ranges: z
    .array(z.object({ first: ipAddress, last: ipAddress }))
    .max(64)
    .describe("addresses DHCP gives to strangers"),
  managed: z.boolean().describe("false: addresses are picked from its reserved ranges only"),
  rdns_mode: z.int().min(0).max(2).describe("0: no reverse names, 1: names, 2: also for parts of a network (RFC 2317)"),
  active_discovery: z.boolean(),
  allow_dns: z.boolean(),
  allow_proxy: z.boolean(),
  disabled_boot_architectures: z.array(z.string().trim().min(1).max(64)).max(32),
};
export const subnetCreate = z.object({
  cidr: ipNetwork,
  name: subnetFields.name.optional(),
  description: whatFor.default(""),
  vlan_id: id.optional().describe("left out: the untagged VLAN of the first fabric"),
  gateway: subnetFields.gateway.default(null),
  dns_servers: subnetFields.dns_servers.default([]),
  ntp_servers: subnetFields.ntp_servers.default([]),
  mtu: subnetFields.mtu.default(null),
  dhcp: subnetFields.dhcp.default(false),
  dynamic_ranges: subnetFields.dynamic_ranges.default([]),
  managed: subnetFields.managed.default(true),
  rdns_mode: subnetFields.rdns_mode.default(2),
  active_discovery: subnetFields.active_discovery.default(false),
  allow_dns: subnetFields.allow_dns.default(true),
  allow_proxy: subnetFields.allow_proxy.default(true),
  disabled_boot_architectures: subnetFields.disabled_boot_architectures.default([]),
});
/** No defaults here: a field that is not given stays as it is. */
export const subnetUpdate = z
  .object({ ...subnetFields, cidr: ipNetwork })
  .partial()
  .strict();

/** How addresses of a subnet are used. Numbers of IPv6 addresses beyond 2^53 are rounded. */
export const subnetUsage = z.object({
  total: z.number(),
  used: z.number(),
  free: z.number(),
  largest_free: z.number().describe("addresses of the longest free stretch"),
  ranges: z
    .array(
      z.object({
        first: ipAddress,
        last: ipAddress,
        count: z.number(),
        purposes: z.array(z.string()).describe("empty: free"),
      }),
    )
    .describe("every address once, in order"),
  suggested_gateway: ipAddress.nullable(),
  suggested_dynamic_range: z.object({ first: ipAddress, last: ipAddress }).nullable(),
});

/** Addresses DHCP gives to strangers (dynamic), or that nothing is given from (reserved). */
export const ipRange = z.object({
  id,
  subnet_id: id,
  type: z.enum(["dynamic", "reserved"]),
  first: ipAddress,
  last: ipAddress,
  comment: z.string(),
  owner: z.string().nullable().describe("user name of whoever made a reserved range"),
});
export type IpRange = z.infer<typeof ipRange>;
const comment = z.string().max(1024).describe("what it is for, in your words");
const ipRangeFields = {
  first: ipAddress.describe("its first address"),
  last: ipAddress.describe("its last address"),
  comment,
};
const rangeType = ipRange.shape.type.describe(
  "dynamic: DHCP gives them to strangers; reserved: nothing is picked from it",
);
export const ipRangeCreate = z.strictObject({
  ...ipRangeFields,
  subnet_id: id.optional().describe("left out: the subnet that holds the first address"),
  type: rangeType,
  comment: comment.default(""),
  owner: z.string().max(256).optional().describe("left out: whoever asks; an administrator may name another user"),
});
export const ipRangeUpdate = z
  .strictObject({
    ...ipRangeFields,
    subnet_id: id.describe("subnet it is part of"),
    type: rangeType,
    owner: z.string().max(256).describe("user name of whose it is"),
  })
  .partial();

/** A route machines on the source subnet have to the destination. */
export const staticRoute = z.object({ id, source_id: id, destination_id: id, gateway: ipAddress, metric: z.int() });
export type StaticRoute = z.infer<typeof staticRoute>;
const staticRouteFields = {
  source_id: id.describe("subnet whose machines get the route"),
  destination_id: id.describe("subnet it leads to"),
  gateway: ipAddress.describe("router of the source subnet that knows the way"),
  metric: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .describe("of two routes to one place, the one with the lower number is taken"),
};
export const staticRouteCreate = z.strictObject({
  ...staticRouteFields,
  metric: staticRouteFields.metric.default(0),
});
export const staticRouteUpdate = z.strictObject(staticRouteFields).partial();

/** An address DHCP gives to one network card and to no other. */
export const reservedIp = z.object({ id, subnet_id: id, address: ipAddress, mac: macAddress, comment: z.string() });
export type ReservedIp = z.infer<typeof reservedIp>;
export const reservedIpCreate = z.strictObject({
  address: ipAddress.describe("IP address, such as 10.0.0.20"),
  mac: macAddress.describe("MAC address of the card that gets it, such as 52:54:00:12:34:56"),
  subnet_id: id.optional().describe("left out: the subnet that holds the address"),
  comment: comment.default(""),
});
export const reservedIpUpdate = z.strictObject({ comment }).partial();

/** An address somebody set aside, or that an interface is configured with. */
export const ipAddressRow = z.object({
  id,
  address: ipAddress,
  subnet_id: id.nullable(),
  kind: z
    .enum(["user", "static", "auto"])
    .describe("user: set aside by a user; static: fixed on an interface; auto: picked for one"),
  owner: z.string().nullable(),
  mac: macAddress.nullable(),
  hostname: z.string().nullable(),
  created_at: instant,
});
export type IpAddressRow = z.infer<typeof ipAddressRow>;
const cardOf = macAddress.nullable().describe("MAC address of the card it is for");
const hostOf = hostname.nullable().describe("name of what it is for");
export const ipAddressCreate = z.strictObject({
  address: ipAddress.optional().describe("left out: a free one of the subnet"),
  subnet_id: id.optional().describe("left out: the subnet that holds the address"),
  mac: cardOf.default(null),
  hostname: hostOf.default(null),
});
export const ipAddressUpdate = z.strictObject({ mac: cardOf, hostname: hostOf }).partial();

export const lease = z.object({
  subnet_id: z.int(),
  address: ipAddress,
  mac: z.string(),
  hostname: z.string().nullable(),
  expires_at: z.string(),
});
