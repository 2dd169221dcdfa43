import { z } from "zod";

const id = z.int().positive();
const bytes = z.int().nonnegative().describe("bytes");
const size = z.int().positive().max(Number.MAX_SAFE_INTEGER).describe("bytes");
const words = z.string().max(4096);
const uuid = z.string().max(64).describe("by default one is made up");

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
const cacheMode = z
  .enum(["writeback", "writethrough", "writearound"])
  .describe(
    "of bcache: when writes reach the disk; writethrough: at once, writeback: later, writearound: past the cache",
  );
const name = z.string().min(1).max(127);

/** What takes the place of a machine's whole storage configuration. */
export const storageLayoutRequest = z.strictObject({
  layout: z
    .enum(["flat", "lvm", "bcache", "vmfs6", "vmfs7", "blank", "custom"])
    .describe("how the disks are divided; flat: one partition for everything, blank: nothing"),
  boot_size: share.optional().describe("size of /boot, at least 512 MiB; by default it is part of the root"),
  root_size: share.optional().describe("size of the root, at least 3 GiB; by default the rest of the disk"),
  root_device: id.optional().describe("physical device for the root; by default the boot disk"),
  vg_name: name.optional().describe("of lvm: what the volume group is called; by default vgroot"),
  lv_name: name.optional().describe("of lvm: what the logical volume of the root is called; by default lvroot"),
  lv_size: share.optional().describe("of lvm: size of that volume; by default all of the group"),
  cache_device: id
    .optional()
    .describe("of bcache: device for the cache; by default the smallest other one with the tag ssd"),
  cache_mode: cacheMode.optional(),
  cache_size: share.optional().describe("of bcache: size of the cache; by default the whole device"),
  cache_no_part: z.boolean().optional().describe("of bcache: cache on the device itself, without a partition"),
  custom: z
    .record(z.string().max(16), z.unknown())
    .optional()
    .describe("of the layout 'custom': what is on the disks and where it is mounted"),
});

export const storageDiskRequest = z.strictObject({
  name: name.describe("what the kernel calls it, such as sda"),
  size,
  block_size: z.int().min(512).max(65_536).default(512).describe("bytes of a sector"),
  model: words.nullable().default(null).describe("as the disk says it; with the serial it tells disks apart"),
  serial: words.nullable().default(null).describe("serial number as the disk says it"),
  path: words.nullable().default(null).describe("below /dev, always the same; needed without model and serial"),
  numa_node: z.int().min(0).max(1023).default(0).describe("the NUMA node it is attached to"),
});
export const storageDeviceUpdate = z
  .strictObject({
    name: name.describe("what the kernel calls it, or name of a logical volume"),
    size,
    block_size: z.int().min(512).max(65_536).describe("bytes of a sector"),
    model: words.nullable().describe("as the disk says it; with the serial it tells disks apart"),
    serial: words.nullable().describe("serial number as the disk says it"),
    path: words.nullable().describe("below /dev, always the same; needed without model and serial"),
    uuid: uuid.describe("of a logical volume"),
    partition_table: z.enum(["GPT", "MBR"]).describe("of a device without partitions"),
    tags: z
      .array(z.string().max(256))
      .max(100)
      .describe("words to find it by, such as ssd; they replace the former ones"),
    boots: z.literal(true).describe("makes it the boot disk"),
  })
  .partial();
export const storagePartitionRequest = z.strictObject({
  size: size.optional().describe("rounded down to 4 MiB; by default all that is free"),
  uuid: uuid.optional(),
  bootable: z.boolean().default(false).describe("sets the boot flag of the partition table"),
});
const mountOptions = z.string().max(255).describe("as for mount -o, such as noatime");
/** A filesystem as it shall be: made, and mounted where a path is given. */
export const storageFilesystemRequest = z.strictObject({
  fstype: z
    .enum(["ext2", "ext4", "xfs", "fat32", "vfat", "swap", "ramfs", "tmpfs", "btrfs", "zfsroot"])
    .describe("type of the filesystem"),
  label: z.string().max(255).optional().describe("name that is written into the filesystem"),
  uuid: uuid.optional(),
  mount_point: z
    .string()
    .max(255)
    .optional()
    .describe("path in the installed system, such as /srv; left out: not mounted"),
  mount_options: mountOptions.optional(),
});
export const storageSpecialRequest = z.strictObject({
  fstype: z.enum(["tmpfs", "ramfs"]).describe("tmpfs can be limited and swapped out, ramfs cannot"),
  mount_point: z.string().max(255).describe("path in the installed system, such as /tmp"),
  mount_options: mountOptions.optional(),
});

const places = {
  devices: z.array(id).max(400).default([]).describe("whole devices"),
  partitions: z.array(id).max(400).default([]).describe("partitions of devices"),
};
const list = z.strictObject(places);
const groupName = name.describe("such as vg0, md0 or bcache0");
const named = { name: groupName.optional(), uuid: uuid.optional() };

/** What can be made of several devices or partitions; `kind` says what. */
export const storageGroupRequest = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("lvm").describe("what is made: a volume group, a datastore, an array or a cached device"),
    ...named,
    name: groupName,
    ...places,
  }),
  z.strictObject({ kind: z.literal("vmfs6"), ...named, name: groupName, ...places }),
  z.strictObject({
    kind: z.enum(["raid-0", "raid-1", "raid-5", "raid-6", "raid-10"]),
    ...named,
    ...places,
    spares: list.optional().describe("what takes the place of a member that fails"),
  }),
  z.strictObject({
    kind: z.literal("bcache"),
    ...named,
    ...places,
    cache_set_id: id.describe("the cache set that caches it"),
    cache_mode: cacheMode.default("writethrough"),
  }),
]);
export const storageGroupUpdate = z.strictObject({
  ...named,
  add: list.optional().describe("what becomes a member of a volume group or array"),
  remove: list.optional().describe("what is a member or spare no more"),
  add_spares: list.optional().describe("what becomes a spare of an array"),
  cache_set_id: id.optional().describe("the cache set that caches it from now on"),
  cache_mode: cacheMode.optional(),
});
export const storageVolumeRequest = z.strictObject({
  name: name.describe("what it is called within its volume group"),
  uuid: uuid.optional(),
  size: size.optional().describe("bytes; by default all that is free in the group"),
});
export const storageCacheSetRequest = list;
