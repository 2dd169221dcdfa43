import { InputError } from "../errors.ts";
import type { CacheMode } from "../database/tables/storage.ts";
import { format, mount } from "./filesystems.ts";
import { createBcache, createCacheSet, createDatastore, createLogicalVolume, createVolumeGroup } from "./groups.ts";
import type { BlockDevice, Maker, Place, Storage } from "./model.ts";
import { bootDisk, bootsBy, isPhysical } from "./model.ts";
import { addPartition } from "./partitions.ts";
import { gibibyte, groupSize, mebibyte, partitionable, alignDown, roomFor } from "./sizes.ts";
import { type VmfsLayout, applyVmfs } from "./vmfs-layouts.ts";

export const layoutNames = ["flat", "lvm", "bcache", "vmfs6", "vmfs7", "blank", "custom"] as const;
export type LayoutName = (typeof layoutNames)[number];

/** Bytes, or a share of what is there. */
export type SizeWish = { bytes: number } | { percent: number };

/** What can be said to a layout. Devices are named by id. */
export type LayoutWish = {
  boot_size?: SizeWish | undefined;
  root_size?: SizeWish | undefined;
  root_device?: number | undefined;
  vg_name?: string | undefined;
  lv_name?: string | undefined;
  lv_size?: SizeWish | undefined;
  cache_device?: number | undefined;
  cache_mode?: CacheMode | undefined;
  cache_size?: SizeWish | undefined;
  cache_no_part?: boolean | undefined;
};

/** EFI system partition, as large as MAAS makes it. */
const espSize = 512 * mebibyte;
const leastBoot = 512 * mebibyte;
const leastRoot = 3 * gibibyte;

/** Takes everything away but the physical disks and what is known of them. */
export function clear(storage: Storage): void {
  storage.filesystems = [];
  storage.partitions = [];
  storage.groups = [];
  storage.cacheSets = [];
  storage.devices = storage.devices.filter(isPhysical);
  for (const device of storage.devices) device.partition_table = null;
}

/** What a layout cannot be made of: a machine without disks. */
export function requireBootDisk(storage: Storage, layout: string): BlockDevice {
  const boot = bootDisk(storage);
  if (boot === undefined)
    throw new InputError(`Failed to configure storage layout '${layout}': the machine has no physical block device.`);
  return boot;
}

/**
 * Replaces the whole configuration by a layout. `custom` is not made here: see custom-layout.ts.
 *
 * @throws InputError naming the parameter, or saying what the machine lacks
 */
export function applyLayout(
  storage: Storage,
  make: Maker,
  layout: Exclude<LayoutName, "custom">,
  wish: LayoutWish = {},
): void {
  clear(storage);
  switch (layout) {
    case "blank":
      return;
    case "flat": {
      putRoot(storage, make, basic(storage, make, layout, wish));
      return;
    }
    case "lvm":
      return lvm(storage, make, wish);
    case "bcache":
      return bcache(storage, make, wish);
    case "vmfs6":
    case "vmfs7":
      return vmfs(storage, make, layout, wish);
  }
}

function vmfs(storage: Storage, make: Maker, layout: VmfsLayout, wish: LayoutWish): void {
  const boot = deviceOf(storage, "root_device", wish.root_device) ?? requireBootDisk(storage, layout);
  const root = wish.root_size === undefined ? null : bytesOf(wish.root_size, boot.size);
  const extent = applyVmfs(storage, make, layout, boot, root);
  createDatastore(storage, make, { name: "datastore1", members: [extent] });
}

/** Boot partitions on the boot disk and the partition that the root, or what holds it, goes on. */
function basic(
  storage: Storage,
  make: Maker,
  layout: string,
  { boot_size, root_size, root_device }: LayoutWish,
  usualBoot = 0,
): Place {
  const boot = requireBootDisk(storage, layout);
  const disk = deviceOf(storage, "root_device", root_device) ?? boot;
  const needed = layout === "flat" || layout === "lvm" || layout === "bcache";
  if (needed && partitionable(storage, boot) < 3 * espSize) throw tooSmall(layout, boot);
  if (bootsBy(storage) === "uefi") {
    const esp = { device: boot, partition: addPartition(storage, make, boot, { size: espSize, bootable: true }) };
    format(storage, make, esp, { fstype: "fat32", label: "efi" });
    mount(storage, esp, { mount_point: "/boot/efi" });
  }
  const bootBytes = boot_size === undefined ? usualBoot : bytesOf(boot_size, roomFor(storage, boot));
  if (boot_size !== undefined && bootBytes !== 0)
    requireSize("boot_size", boot_size, bootBytes, leastBoot, roomFor(storage, boot));
  if (bootBytes > 0) {
    const place = { device: boot, partition: addPartition(storage, make, boot, { size: bootBytes }) };
    format(storage, make, place, { fstype: "ext4", label: "boot" });
    mount(storage, place, { mount_point: "/boot" });
  }
  const room = roomFor(storage, disk);
  if (root_size === undefined) return { device: disk, partition: addPartition(storage, make, disk, {}) };
  // A share is one of the disk without its EFI system partition.
  const bytes = bytesOf(root_size, disk === boot ? room + alignDown(bootBytes) : room);
  requireSize("root_size", root_size, bytes, leastRoot, room);
  return { device: disk, partition: addPartition(storage, make, disk, { size: bytes }) };
}

const tooSmall = (layout: string, device: BlockDevice): InputError =>
  new InputError(
    `Failed to configure storage layout '${layout}': ${device.name} is too small, it has ${device.size} bytes.`,
  );

function putRoot(storage: Storage, make: Maker, place: Place): void {
  format(storage, make, place, { fstype: "ext4", label: "root" });
  mount(storage, place, { mount_point: "/" });
}

function lvm(storage: Storage, make: Maker, wish: LayoutWish): void {
  const place = basic(storage, make, "lvm", wish);
  const name = wish.vg_name ?? "vgroot";
  const group = createVolumeGroup(storage, make, { name, members: [place] });
  const whole = groupSize(storage, group);
  const size = wish.lv_size === undefined ? undefined : bytesOf(wish.lv_size, whole);
  if (wish.lv_size !== undefined && size !== undefined) requireSize("lv_size", wish.lv_size, size, leastRoot, whole);
  const device = createLogicalVolume(storage, make, group, { name: wish.lv_name ?? "lvroot", size });
  putRoot(storage, make, { device, partition: null });
}

function bcache(storage: Storage, make: Maker, wish: LayoutWish): void {
  const { cache_size, cache_no_part = false, cache_mode = "writethrough" } = wish;
  if (cache_no_part && cache_size !== undefined)
    throw InputError.field("cache_size", cache_size, "cannot be given together with cache_no_part");
  const boot = requireBootDisk(storage, "bcache");
  const root = deviceOf(storage, "root_device", wish.root_device) ?? boot;
  const cache = deviceOf(storage, "cache_device", wish.cache_device) ?? fastest(storage, [boot, root]);
  if (cache === undefined)
    throw new InputError(
      "Failed to configure storage layout 'bcache': the machine has no disk with the tag ssd besides the one it caches.",
    );
  if (cache === root || cache === boot)
    throw InputError.field("cache_device", cache.id, "must not be the boot disk or the root device");
  const backing = basic(storage, make, "bcache", wish, gibibyte);
  const size = cache_size === undefined ? undefined : bytesOf(cache_size, roomFor(storage, cache));
  if (cache_size !== undefined && size !== undefined)
    requireSize("cache_size", cache_size, size, 64 * mebibyte, roomFor(storage, cache));
  const partition = cache_no_part ? null : addPartition(storage, make, cache, { size });
  const set = createCacheSet(storage, make, { device: cache, partition });
  const group = createBcache(storage, make, { set, backing, mode: cache_mode });
  const device = storage.devices.find(({ group_id }) => group_id === group.id);
  if (device === undefined) throw new Error("a bcache was made without its device");
  device.size = groupSize(storage, group);
  putRoot(storage, make, { device, partition: null });
}

/** The smallest solid-state disk that is none of these. */
function fastest(storage: Storage, besides: readonly BlockDevice[]): BlockDevice | undefined {
  return storage.devices
    .filter((device) => isPhysical(device) && device.tags.includes("ssd") && !besides.includes(device))
    .sort((a, b) => a.size - b.size)[0];
}

function deviceOf(storage: Storage, field: string, id: number | undefined): BlockDevice | undefined {
  if (id === undefined) return undefined;
  const physical = storage.devices.filter(isPhysical);
  const device = physical.find((one) => one.id === id);
  if (device !== undefined) return device;
  const allowed = physical.slice(0, 20).map((one) => `${one.id} (${one.name})`);
  throw InputError.field(
    field,
    id,
    `must be the id of a physical block device: ${allowed.join(", ") || "there is none"}`,
  );
}

const bytesOf = (wish: SizeWish, whole: number): number =>
  "bytes" in wish ? wish.bytes : Math.floor((whole * wish.percent) / 100);

function requireSize(field: string, wish: SizeWish, bytes: number, least: number, most: number): void {
  const given = "bytes" in wish ? wish.bytes : `${wish.percent}%`;
  if (bytes < least) throw InputError.field(field, given, `must be at least ${least} bytes`);
  if (alignDown(bytes) > most) throw InputError.field(field, given, `must be at most ${most} bytes, what is free`);
}
