import { z } from "zod";
import type { Shapes } from "../testing/example.ts";
import { interfaceShape } from "./interfaces.ts";

const uri = z.string().startsWith("/MAAS/api/2.0/");
const address = z.union([z.ipv4(), z.ipv6()]);

const vlan = z.strictObject({
  id: z.int().min(5001),
  vid: z.int().min(0).max(4094),
  name: z.string().nullable(),
  fabric: z.string().min(1),
  fabric_id: z.int().min(0),
  mtu: z.int(),
  dhcp_on: z.boolean(),
  primary_rack: z.string().nullable(),
  secondary_rack: z.string().nullable(),
  external_dhcp: z.string().nullable(),
  get relay_vlan(): z.ZodNullable<z.ZodType> {
    return vlan.nullable();
  },
  space: z.string().min(1),
  resource_uri: uri,
});
const subnet = z.strictObject({
  id: z.int(),
  name: z.string().min(1),
  description: z.string(),
  vlan,
  space: z.string().min(1),
  cidr: z.union([z.cidrv4(), z.cidrv6()]),
  gateway_ip: address.nullable(),
  dns_servers: z.array(address),
  rdns_mode: z.int().min(0).max(2),
  active_discovery: z.boolean(),
  allow_dns: z.boolean(),
  allow_proxy: z.boolean(),
  managed: z.boolean(),
  disabled_boot_architectures: z.array(z.string()),
  resource_uri: uri,
});
const range = z.strictObject({ start: address, end: address, num_addresses: z.number().positive() });
const used = range.extend({ purpose: z.array(z.string()).nonempty() });
const user = z.strictObject({
  username: z.string(),
  email: z.string(),
  is_superuser: z.boolean(),
  is_local: z.boolean(),
  resource_uri: uri,
});

export const networkShapes = {
  VLAN: vlan,
  Subnet: subnet,
  Fabric: z.strictObject({
    id: z.int().min(0),
    name: z.string().min(1),
    class_type: z.string().nullable(),
    vlans: z.array(vlan),
    resource_uri: uri,
  }),
  Space: z.strictObject({
    id: z.int().min(-1),
    name: z.string().min(1),
    description: z.string(),
    vlans: z.array(vlan),
    subnets: z.array(subnet),
    resource_uri: uri,
  }),
  "json: [{start,end,num_addresses,purpose[]}]": z.array(used),
  "json: [{start,end,num_addresses}]": z.array(range),
  SubnetStatistics: z.strictObject({
    num_available: z.number(),
    largest_available: z.number(),
    num_unavailable: z.number(),
    total_addresses: z.number(),
    usage: z.number().min(0).max(1),
    usage_string: z.string().regex(/^\d+%$/),
    available_string: z.string().regex(/^\d+%$/),
    first_address: address,
    last_address: address,
    ip_version: z.union([z.literal(4), z.literal(6)]),
    ranges: z.array(used).optional(),
    suggested_gateway: address.nullable().optional(),
    suggested_dynamic_range: used.nullable().optional(),
  }),
  SubnetIPAddress: z.strictObject({
    ip: address,
    alloc_type: z.int(),
    created: z.string().regex(/^\w{3}, \d\d \w{3}\. \d{4} \d\d:\d\d:\d\d$/),
    updated: z.string().regex(/^\w{3}, \d\d \w{3}\. \d{4} \d\d:\d\d:\d\d$/),
    user: z.string().optional(),
    node_summary: z
      .strictObject({
        system_id: z.string(),
        node_type: z.int(),
        fqdn: z.string(),
        hostname: z.string(),
        is_container: z.boolean(),
        via: z.string().optional(),
      })
      .optional(),
    dns_records: z.array(z.strictObject({ id: z.int(), name: z.string(), domain: z.string() })).optional(),
  }),
  IPRange: z.strictObject({
    id: z.int(),
    type: z.enum(["dynamic", "reserved"]),
    start_ip: address,
    end_ip: address,
    comment: z.string().nullable(),
    user: user.nullable(),
    subnet,
    resource_uri: uri,
  }),
  IPAddress: z.strictObject({
    alloc_type: z.int(),
    alloc_type_name: z.string(),
    ip: address,
    created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/),
    owner: user.nullable(),
    subnet: subnet.nullable(),
    interface_set: z.array(interfaceShape),
    resource_uri: uri,
  }),
  StaticRoute: z.strictObject({
    id: z.int(),
    source: subnet,
    destination: subnet,
    gateway_ip: address,
    metric: z.int(),
    resource_uri: uri,
  }),
  ReservedIP: z.strictObject({
    id: z.int(),
    ip: address,
    subnet,
    mac_address: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
    comment: z.string().nullable(),
    resource_uri: uri,
  }),
} satisfies Shapes;
