import { z } from "zod";
import type { Shapes } from "../testing/example.ts";

const uri = z.string().startsWith("/MAAS/api/2.0/");
/** Of another noun, whose own shape has all of it. */
const other = z.looseObject({ id: z.int(), resource_uri: uri });

const link = z.strictObject({
  id: z.int(),
  mode: z.enum(["auto", "dhcp", "static", "link_up"]),
  ip_address: z.string().optional(),
  subnet: other.optional(),
});
export const interfaceShape = z.strictObject({
  system_id: z.string(),
  id: z.int(),
  name: z.string(),
  type: z.enum(["physical", "bond", "bridge", "vlan"]),
  vlan: other.nullable(),
  mac_address: z.string().nullable(),
  parents: z.array(z.string()),
  children: z.array(z.string()),
  tags: z.array(z.string()),
  enabled: z.boolean(),
  links: z.array(link),
  discovered: z.array(z.strictObject({ subnet: other, ip_address: z.string() })).nullable(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  effective_mtu: z.int(),
  vendor: z.string().nullable(),
  product: z.string().nullable(),
  firmware_version: z.string().nullable(),
  link_connected: z.boolean(),
  interface_speed: z.int(),
  link_speed: z.int(),
  numa_node: z.int().nullable(),
  sriov_max_vf: z.int(),
  resource_uri: uri,
});

const domain = z.strictObject({
  id: z.int(),
  name: z.string(),
  ttl: z.int().nullable(),
  authoritative: z.boolean(),
  resource_record_count: z.int(),
  is_default: z.boolean(),
  resource_uri: uri,
});
const device = z.strictObject({
  system_id: z.string(),
  hostname: z.string(),
  fqdn: z.string(),
  description: z.string(),
  domain,
  owner: z.string().nullable(),
  owner_data: z.record(z.string(), z.string()),
  workload_annotations: z.record(z.string(), z.string()),
  parent: z.string().nullable(),
  tag_names: z.array(z.string()),
  address_ttl: z.int().nullable(),
  ip_addresses: z.array(z.string()),
  interface_set: z.array(interfaceShape),
  zone: other,
  node_type: z.literal(1),
  node_type_name: z.literal("Device"),
  resource_uri: uri,
});
const record = z.strictObject({
  id: z.int(),
  fqdn: z.string(),
  ttl: z.int().nullable(),
  rrtype: z.string(),
  rrdata: z.string(),
  resource_uri: uri,
});
const address = z.strictObject({
  alloc_type: z.int(),
  alloc_type_name: z.string(),
  ip: z.string(),
  created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/),
  owner: z.looseObject({ username: z.string() }).nullable(),
  subnet: other.nullable(),
  interface_set: z.array(interfaceShape),
  resource_uri: uri,
});

export const interfaceShapes = {
  Interface: interfaceShape,
  Device: device,
  Domain: domain,
  DNSResource: z.strictObject({
    id: z.int(),
    fqdn: z.string(),
    address_ttl: z.int().nullable(),
    ip_addresses: z.array(address).nullable(),
    resource_records: z.array(record),
    resource_uri: uri,
  }),
  DNSResourceRecord: record,
  Discovery: z.strictObject({
    discovery_id: z.string(),
    ip: z.string(),
    mac_address: z.string(),
    mac_organization: z.string().nullable(),
    hostname: z.string().nullable(),
    fabric_name: z.string(),
    vid: z.int().nullable(),
    last_seen: z.string(),
    observer: z
      .strictObject({
        system_id: z.string(),
        hostname: z.string(),
        interface_id: z.int().nullable(),
        interface_name: z.string(),
      })
      .nullable(),
    resource_uri: uri,
  }),
  "GET devices/ is_registered": z.boolean(),
  "GET devices/ is_action_in_progress": z.boolean(),
  "POST devices/ set_zone": z.null(),
  "POST domains/ set_serial": z.null(),
  "GET devices/{system_id}/ power_parameters": z.strictObject({}),
} satisfies Shapes;
