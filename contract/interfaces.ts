import { z } from "zod";
import { macAddress } from "./values.ts";

export const interfaceTypes = ["physical", "bond", "bridge", "vlan"] as const;
export const linkModes = ["auto", "dhcp", "static", "link_up"] as const;
export const bondModes = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
] as const;
export const lacpRates = ["fast", "slow"] as const;
export const hashPolicies = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"] as const;
export const bridgeTypes = ["standard", "ovs"] as const;

/** A name the kernel takes (IFNAMSIZ: 15 bytes), and that needs no quoting anywhere. */
export const interfaceName = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/,
    "must be 1 to 15 of letters, digits, '.', '_' and '-', beginning with a letter or digit",
  );
export const interfaceTag = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,128}$/, "must be 1 to 128 of letters, digits, '_' and '-'");

const milliseconds = z.int().min(0).max(2_147_483_647);
/** Options of bonds and bridges, by MAAS's names. */
export const bondOptions = z.object({
  bond_mode: z.enum(bondModes).describe("how its parents share the traffic; by default balance-rr"),
  bond_miimon: milliseconds.describe("milliseconds between looks at the link"),
  bond_downdelay: milliseconds.describe("milliseconds a link must be gone before its parent is left out"),
  bond_updelay: milliseconds.describe("milliseconds a link must be back before its parent is used again"),
  bond_lacp_rate: z
    .enum(lacpRates)
    .describe("how often the switch shall tell of itself: slow, each 30 s; fast, each second"),
  bond_xmit_hash_policy: z.enum(hashPolicies).describe("what of a packet decides which parent sends it"),
  bond_num_grat_arp: z.int().min(0).max(255).describe("how often a change of the active parent is announced"),
});
export const bridgeOptions = z.object({
  bridge_type: z.enum(bridgeTypes).describe("standard: of the kernel; ovs: of Open vSwitch"),
  bridge_stp: z.boolean().describe("spanning tree protocol"),
  bridge_fd: z.int().min(0).max(255).describe("forward delay in seconds"),
});

const tags = z.array(interfaceTag).max(100).describe("words of your own, to find it by");
const speed = z.int().min(0).max(2_147_483_647).describe("in Mbit/s; 0: not known");
const id = z.int().positive().max(Number.MAX_SAFE_INTEGER);
const parentIds = z.array(id).min(1).max(64).describe("interfaces it is made of");
const common = {
  vlan_id: id.nullable().describe("VLAN it is connected to; null: to none"),
  mtu: z.int().min(552).max(65_535).nullable().describe("largest packet in bytes; null: that of the VLAN"),
  tags,
  accept_ra: z.boolean().describe("accept IPv6 router advertisements"),
  link_connected: z.boolean().describe("whether its cable leads anywhere"),
  interface_speed: speed.describe("what it is capable of in Mbit/s; 0: not known"),
  link_speed: speed.describe("what it is connected with in Mbit/s; 0: not known"),
};

const enabled = z.boolean().describe("false: it stays down");
const numaNode = z.int().min(0).max(1023).describe("the NUMA node it is attached to");
const anyType = z.strictObject(common).partial();
/** What an interface is made of; what is left out gets its default. */
export const interfaceCreate = z.discriminatedUnion("type", [
  anyType.extend({
    type: z.literal("physical").describe("physical is a network card; the others are made of parents"),
    mac: macAddress.describe("MAC address, such as 52:54:00:12:34:56"),
    name: interfaceName.optional().describe("its name in the installed system, such as eth1"),
    enabled: enabled.optional(),
    numa_node: numaNode.optional(),
  }),
  anyType.extend({
    type: z.literal("bond"),
    name: interfaceName.describe("its name in the installed system, such as eth1"),
    mac: macAddress.optional().describe("by default that of the first parent"),
    parents: parentIds,
    ...bondOptions.partial().shape,
  }),
  anyType.extend({
    type: z.literal("bridge"),
    name: interfaceName.optional().describe("its name in the installed system, such as eth1"),
    mac: macAddress.optional().describe("by default that of the first parent"),
    parents: parentIds.max(1),
    ...bridgeOptions.partial().shape,
  }),
  anyType.extend({
    type: z.literal("vlan"),
    name: interfaceName.optional().describe("by default PARENT.VID"),
    parents: parentIds.max(1),
    vlan_id: id,
  }),
]);
export type InterfaceCreate = z.output<typeof interfaceCreate>;

/** What is not given stays. */
export const interfaceUpdate = z
  .strictObject({
    ...common,
    name: interfaceName.describe("its name in the installed system, such as eth1"),
    mac: macAddress.describe("MAC address, such as 52:54:00:12:34:56"),
    enabled,
    numa_node: numaNode,
    parents: parentIds,
    ...bondOptions.shape,
    ...bridgeOptions.shape,
  })
  .partial();
export type InterfaceUpdate = z.output<typeof interfaceUpdate>;

export const linkCreate = z.strictObject({
  mode: z
    .enum(linkModes)
    .describe("auto: an address is picked at deployment; static: now; dhcp: it asks for one; link_up: it has none"),
  subnet_id: id.optional().describe("subnet it is linked to; needed with auto and static"),
  address: z
    .union([z.ipv4(), z.ipv6()])
    .optional()
    .describe("IP address, with static; by default a free one of the subnet"),
  default_gateway: z.boolean().default(false).describe("traffic leaves the machine by the gateway of this subnet"),
  force: z.boolean().default(false).describe("replace other links where they are in the way, and change the VLAN"),
});
export type LinkCreate = z.output<typeof linkCreate>;

export const interfaceLink = z.object({
  id: z.int(),
  mode: z.enum(linkModes),
  subnet_id: z.int().nullable(),
  address: z.string().nullable().describe("fixed, or held by a lease at this moment"),
  default_gateway: z.boolean(),
});
/** A network interface as the API shows it. */
export const nodeInterface = z.object({
  id: z.int(),
  name: z.string(),
  type: z.enum(interfaceTypes),
  mac: z.string().nullable(),
  vlan_id: z.int().nullable(),
  enabled: z.boolean(),
  mtu: z.int().nullable(),
  tags: z.array(z.string()),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  parents: z.array(z.int()).describe("ids"),
  children: z.array(z.int()).describe("ids"),
  links: z.array(interfaceLink),
  vendor: z.string().nullable(),
  product: z.string().nullable(),
  firmware_version: z.string().nullable(),
  link_connected: z.boolean(),
  interface_speed: speed,
  link_speed: speed,
  numa_node: z.int().nullable(),
  sriov_max_vf: z.int(),
});
