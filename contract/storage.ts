import { z } from "zod";

const id = z.int().positive();
const bytes = z.int().nonnegative().describe("bytes");
const size = z.int().positive().max(Number.MAX_SAFE_INTEGER).describe("bytes");
const words = z.string().max(4096);
const uuid = z.string().max(64);

export const storageFilesystem = z.object({
  id,
  fstype: z.string(),
  label: z.string().nullable(),
  uuid: z.string(),
  mount_point: z.string().nullable().describe("path in the installed system; null: not mounted; 'none': swap"),
  mount_options: z.string().nullable(),
});
const place = {
  id,
  name: z.string(),
  size: bytes,
  used_for: z.string().describe("in words"),
  filesystem: storageFilesystem.nullable(),
  tags: z.array(z.string()),
};
const partition = z.object({ ...place, uuid: z.string(), number: z.int().positive(), bootable: z.boolean() });
const device = z.object({
  ...place,
  kind: z.enum(["physical", "virtual"]),
  available: bytes.describe("bytes that nothing uses yet"),
  block_size: bytes,
  model: z.string().nullable(),
  serial: z.string().nullable(),
  path: z.string().nullable(),
  firmware_version: z.string().nullable(),
  numa_node: z.int().nullable(),
  found: z.boolean().describe("the last commissioning found it"),
  group_id: id.nullable().describe("of a virtual device: what makes it"),
  uuid: z.string().nullable(),
  partition_table: z.enum(["GPT", "MBR"]).nullable(),
  partitions: z.array(partition),
});
const member = z.object({
  device_id: id,
  partition_id: id.nullable(),
  role: z.string().describe("such as lvm-pv, raid, raid-spare"),
});
const group = z.object({
  id,
  kind: z.enum(["lvm", "raid-0", "raid-1", "raid-5", "raid-6", "raid-10", "bcache", "vmfs6"]),
  name: z.string(),
  uuid: z.string(),
  size: bytes,
  available: bytes.describe("bytes of a volume group that no logical volume has"),
  members: z.array(member),
  devices: z.array(id).describe("virtual devices it makes"),
  cache_mode: z.enum(["writeback", "writethrough", "writearound"]).nullable(),
  cache_set_id: id.nullable(),
});

/** How the disks of a machine shall be used. */
export const machineStorage = z.object({
  machine_id: z.string(),
  boot_disk_id: id.nullable(),
  devices: z.array(device),
  groups: z.array(group),
  cache_sets: z.array(z.object({ id, name: z.string(), members: z.array(member) })),
  special_filesystems: z.array(storageFilesystem),
  unsupported: z.array(z.string()).describe("what of it no system can be installed on; none: all of it"),
});
export type MachineStorage = z.infer<typeof machineStorage>;

const share = z.union([size, z.string().regex(/^\d{1,3}(\.\d{1,6})?%$/, "must be bytes, or a share such as '50%'")]);
const cacheMode = z.enum(["writeback", "writethrough", "writearound"]);
const name = z.string().min(1).max(127);

/** What takes the place of a machine's whole storage configuration. */
export const storageLayoutRequest = z.strictObject({
  layout: z.enum(["flat", "lvm", "bcache", "vmfs6", "vmfs7", "blank", "custom"]),
  boot_size: share.optional().describe("of /boot, at least 512 MiB"),
  root_size: share.optional().describe("at least 3 GiB; by default the rest of the disk"),
  root_device: id.optional().describe("physical device for the root; by default the boot disk"),
  vg_name: name.optional(),
  lv_name: name.optional(),
  lv_size: share.optional(),
  cache_device: id.optional().describe("by default the smallest other device with the tag ssd"),
  cache_mode: cacheMode.optional(),
  cache_size: share.optional(),
  cache_no_part: z.boolean().optional(),
  custom: z
    .record(z.string().max(16), z.unknown())
    .optional()
    .describe("of the layout 'custom': what is on the disks and where it is mounted"),
});

export const storageDiskRequest = z.strictObject({
  name,
  size,
  block_size: z.int().min(512).max(65_536).default(512),
  model: words.nullable().default(null),
  serial: words.nullable().default(null),
  path: words.nullable().default(null).describe("below /dev, always the same; needed without model and serial"),
  numa_node: z.int().min(0).max(1023).default(0),
});
export const storageDeviceUpdate = z
  .strictObject({
    name,
    size,
    block_size: z.int().min(512).max(65_536),
    model: words.nullable(),
    serial: words.nullable(),
    path: words.nullable(),
    uuid: uuid.describe("of a logical volume"),
    partition_table: z.enum(["GPT", "MBR"]).describe("of a device without partitions"),
    tags: z.array(z.string().max(256)).max(100),
    boots: z.literal(true).describe("makes it the boot disk"),
  })
  .partial();
export const storagePartitionRequest = z.strictObject({
  size: size.optional().describe("rounded down to 4 MiB; by default all that is free"),
  uuid: uuid.optional(),
  bootable: z.boolean().default(false),
});
/** A filesystem as it shall be: made, and mounted where a path is given. */
export const storageFilesystemRequest = z.strictObject({
  fstype: z.enum(["ext2", "ext4", "xfs", "fat32", "vfat", "swap", "ramfs", "tmpfs", "btrfs", "zfsroot"]),
  label: z.string().max(255).optional(),
  uuid: uuid.optional(),
  mount_point: z.string().max(255).optional(),
  mount_options: z.string().max(255).optional(),
});
export const storageSpecialRequest = z.strictObject({
  fstype: z.enum(["tmpfs", "ramfs"]),
  mount_point: z.string().max(255),
  mount_options: z.string().max(255).optional(),
});

const places = {
  devices: z.array(id).max(400).default([]).describe("ids of whole devices"),
  partitions: z.array(id).max(400).default([]).describe("ids of partitions"),
};
const list = z.strictObject(places);
const named = { name: name.optional(), uuid: uuid.optional() };

/** What can be made of several devices or partitions; `kind` says what. */
export const storageGroupRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("lvm"), ...named, name, ...places }),
  z.strictObject({ kind: z.literal("vmfs6"), ...named, name, ...places }),
  z.strictObject({
    kind: z.enum(["raid-0", "raid-1", "raid-5", "raid-6", "raid-10"]),
    ...named,
    ...places,
    spares: list.optional(),
  }),
  z.strictObject({
    kind: z.literal("bcache"),
    ...named,
    ...places,
    cache_set_id: id,
    cache_mode: cacheMode.default("writethrough"),
  }),
]);
export const storageGroupUpdate = z.strictObject({
  ...named,
  add: list.optional(),
  remove: list.optional(),
  add_spares: list.optional(),
  cache_set_id: id.optional(),
  cache_mode: cacheMode.optional(),
});
export const storageVolumeRequest = z.strictObject({ name, uuid: uuid.optional(), size: size.optional() });
export const storageCacheSetRequest = list;
