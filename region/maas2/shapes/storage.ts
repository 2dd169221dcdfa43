import { z } from "zod";
import type { Shapes } from "../testing/example.ts";

const id = z.int().positive();
const uri = z.string().startsWith("/MAAS/api/2.0/nodes/");
const filesystem = z
  .strictObject({
    fstype: z.string(),
    label: z.string().nullable(),
    uuid: z.string(),
    mount_point: z.string().nullable(),
    mount_options: z.string().nullable(),
  })
  .nullable();
const common = { system_id: z.string(), id, resource_uri: uri };

const partition = z.strictObject({
  ...common,
  device_id: id,
  uuid: z.string(),
  path: z.string().startsWith("/dev/disk/by-dname/"),
  type: z.literal("partition"),
  size: z.int(),
  bootable: z.boolean(),
  filesystem,
  used_for: z.string(),
  tags: z.array(z.string()),
});
const device = z.strictObject({
  ...common,
  name: z.string(),
  uuid: z.string().nullable(),
  type: z.enum(["physical", "virtual"]),
  path: z.string().startsWith("/dev/disk/by-dname/"),
  model: z.string().nullable(),
  serial: z.string().nullable(),
  id_path: z.string().nullable(),
  size: z.int().positive(),
  block_size: z.int().positive(),
  available_size: z.int().nonnegative(),
  used_size: z.int().nonnegative(),
  used_for: z.string(),
  tags: z.array(z.string()),
  filesystem,
  partition_table_type: z.enum(["GPT", "MBR"]).nullable(),
  partitions: z.array(partition),
  firmware_version: z.string().nullable(),
  storage_pool: z.string().nullable(),
  numa_node: z.int().nullable(),
});
const member = z.union([device, partition]);
const members = z.array(member).min(1);
const sized = { ...common, uuid: z.string(), name: z.string(), size: z.int().positive(), human_size: z.string() };

const cacheSet = z.strictObject({ ...common, name: z.string(), cache_device: member });

export const storageShapes = {
  BlockDevice: device,
  Partition: partition,
  VolumeGroup: z.strictObject({
    ...sized,
    devices: members,
    available_size: z.int().nonnegative(),
    human_available_size: z.string(),
    used_size: z.int().nonnegative(),
    human_used_size: z.string(),
    logical_volumes: z.array(device),
  }),
  RAID: z.strictObject({
    ...sized,
    level: z.enum(["raid-0", "raid-1", "raid-5", "raid-6", "raid-10"]),
    devices: members,
    spare_devices: z.array(member),
    virtual_device: device,
  }),
  BcacheCacheSet: cacheSet,
  Bcache: z.strictObject({
    ...sized,
    cache_set: cacheSet,
    backing_device: member,
    virtual_device: device,
    cache_mode: z.enum(["writeback", "writethrough", "writearound"]),
  }),
  VMFSDatastore: z.strictObject({ ...sized, devices: z.array(partition).min(1), filesystem }),
} satisfies Shapes;
