import { z } from "zod";
import { hardwareWords, macAddress } from "./values.ts";

/** What a disk says of its own health, from its SMART data. */
export const diskHealth = z.object({
  healthy: z.boolean().nullable().describe("the disk's own verdict"),
  temperature: z.int().nullable().describe("degrees Celsius"),
  power_on_hours: z.int().nullable(),
  percentage_used: z.int().nullable().describe("share of its rated writes a solid-state disk has used up"),
  reallocated_sectors: z.int().nullable(),
  pending_sectors: z.int().nullable(),
  media_errors: z.int().nullable(),
});
export type DiskHealth = z.infer<typeof diskHealth>;

/** Who is at the other end of a cable, as the switch announces it (LLDP, IEEE 802.1AB, or a maker's own protocol). */
export const linkNeighbour = z.object({
  protocol: z.string().max(32),
  chassis_id: z.string().max(256).nullable(),
  name: z.string().max(256).nullable(),
  description: z.string().max(1000).nullable(),
  address: z.string().max(64).nullable().describe("where it is managed"),
  port_id: z.string().max(256).nullable(),
  port_description: z.string().max(256).nullable(),
  vlan: z.int().nullable().describe("VLAN of untagged frames"),
});
export type LinkNeighbour = z.infer<typeof linkNeighbour>;

/** Processors and the memory next to them. */
export const numaNode = z.object({
  id: z.int().nonnegative(),
  cpus: z.array(z.int()).max(16_384),
  memory: z.int().describe("bytes"),
  hugepages: z.array(z.object({ size: z.int().describe("bytes"), total: z.int() })).max(16),
});
export type NumaNode = z.infer<typeof numaNode>;

/** A graphics or compute card. */
export const gpu = z.object({
  address: z.string().max(64).describe("of the PCI device"),
  vendor_id: hardwareWords,
  product_id: hardwareWords,
  vendor: hardwareWords.nullable(),
  product: hardwareWords.nullable(),
  driver: hardwareWords.nullable(),
  numa_node: z.int().nullable(),
});
export type Gpu = z.infer<typeof gpu>;

export const networkInterface = z.object({
  name: z.string().max(64),
  mac: macAddress,
  link: z.boolean(),
  speed_mbps: z.int().nullable(),
  vendor: hardwareWords.nullable(),
  product: hardwareWords.nullable(),
  driver: hardwareWords.nullable(),
  addresses: z.array(hardwareWords).max(1000),
  boot: z.boolean().describe("the one the machine booted from (BOOTIF)"),
  max_speed_mbps: z.int().nullable().default(null).describe("the fastest the card can"),
  firmware_version: hardwareWords.nullable().default(null),
  sriov_max_vfs: z.int().nullable().default(null).describe("virtual functions it can have; null: no SR-IOV"),
  numa_node: z.int().nullable().default(null),
  neighbours: z.array(linkNeighbour).max(64).default([]).describe("switches heard on this card"),
});
export type NetworkInterface = z.infer<typeof networkInterface>;

export const disk = z.object({
  name: z.string().max(64).describe("kernel name such as vda"),
  path: hardwareWords.describe("stable path below /dev/disk/by-id, or /dev/<name>"),
  size: z.int().nonnegative().describe("bytes"),
  block_size: z.int(),
  model: hardwareWords.nullable(),
  serial: hardwareWords.nullable(),
  firmware_version: hardwareWords.nullable(),
  rotational: z.boolean(),
  removable: z.boolean(),
  read_only: z.boolean(),
  transport: hardwareWords.nullable(),
  wwn: hardwareWords.nullable().default(null),
  numa_node: z.int().nullable().default(null),
  health: diskHealth.nullable().default(null).describe("null: the disk has no SMART data"),
});
export type Disk = z.infer<typeof disk>;

export const dmi = z.object({
  system_vendor: hardwareWords.nullable(),
  system_product: hardwareWords.nullable(),
  system_version: hardwareWords.nullable(),
  system_serial: hardwareWords.nullable(),
  system_uuid: hardwareWords.nullable(),
  board_vendor: hardwareWords.nullable(),
  board_product: hardwareWords.nullable(),
  board_serial: hardwareWords.nullable(),
  chassis_serial: hardwareWords.nullable(),
  firmware_vendor: hardwareWords.nullable(),
  firmware_version: hardwareWords.nullable(),
  firmware_date: hardwareWords.nullable(),
  system_sku: hardwareWords.nullable().default(null),
  system_family: hardwareWords.nullable().default(null),
  board_version: hardwareWords.nullable().default(null),
  chassis_vendor: hardwareWords.nullable().default(null),
  chassis_version: hardwareWords.nullable().default(null),
  chassis_type: hardwareWords.nullable().default(null).describe("in words, such as Rack Mount Chassis"),
});

/** What is plugged into a bus: PCI or USB. */
export const busDevice = z.object({
  address: hardwareWords,
  vendor_id: hardwareWords,
  product_id: hardwareWords,
  vendor: hardwareWords.nullable(),
  product: hardwareWords.nullable(),
  class: hardwareWords.nullable(),
  driver: hardwareWords.nullable(),
  serial: hardwareWords.nullable().default(null),
  numa_node: z.int().nullable().default(null),
});
