import type { BlockDevice, Group, Place, Storage } from "./model.ts";
import { bootsBy, filesystemOf, madeBy, membersOf, partitionsOf, placeSize } from "./model.ts";

export const mebibyte = 1024 ** 2;
export const gibibyte = 1024 ** 3;
/** Partitions and extents of volume groups come in pieces of this size. */
export const grain = 4 * mebibyte;
/** Before the first partition. */
const head = 4 * mebibyte;
/** After the last one: the copy of a GPT. */
const tail = mebibyte;
/** GRUB's place on a GPT of a machine with a BIOS; it has no filesystem. */
export const biosGrub = mebibyte;
/** An MBR counts 512-byte sectors in 32 bits. */
const mbrEnd = 2 ** 32 * 512 - grain;
/** What MD keeps of each member for itself (superblock 1.2 with its default offset). */
const raidOverhead = mebibyte;
/** Bcache's data begins after sixteen sectors. */
const bcacheOverhead = 8192;

/** Down to whole pieces of 4 MiB. */
export const alignDown = (bytes: number): number => Math.max(0, Math.floor(bytes / grain) * grain);

/** Whether partition number 1 of a GPT is kept for GRUB: on machines that boot by a BIOS. */
export function keepsFirst(storage: Storage, { partition_table }: Pick<BlockDevice, "partition_table">): boolean {
  return partition_table === "GPT" && bootsBy(storage) === "bios";
}

/** Bytes that partitions of a device can have at most: all but its table. */
export function betweenTables(device: BlockDevice, table = device.partition_table ?? "GPT"): number {
  const whole = table === "MBR" ? Math.min(device.size, mbrEnd) : device.size;
  return Math.max(0, whole - head - tail);
}

/** Bytes of a device that new partitions are made of; `table` as it is or would be. */
export function partitionable(storage: Storage, device: BlockDevice, table = device.partition_table ?? "GPT"): number {
  // Only what is new leaves this room: a machine may change its firmware, and what was made for the other still holds.
  const grub = keepsFirst(storage, { partition_table: table }) ? biosGrub : 0;
  return Math.max(0, betweenTables(device, table) - grub);
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** Bytes of a device that are used: all of it where a filesystem or a group has it, else its table and partitions. */
export function usedSize(storage: Storage, device: BlockDevice): number {
  if (filesystemOf(storage, { device, partition: null }) !== undefined) return device.size;
  if (device.partition_table === null) return 0;
  const overhead = device.size - partitionable(storage, device);
  return Math.min(device.size, overhead + sum(partitionsOf(storage, device).map(({ size }) => size)));
}

export const availableSize = (storage: Storage, device: BlockDevice): number => device.size - usedSize(storage, device);

/** Bytes the largest new partition of a device can have, in whole pieces; 0 where there can be none. */
export function roomFor(storage: Storage, device: BlockDevice): number {
  const used = sum(partitionsOf(storage, device).map(({ size }) => size));
  return alignDown(partitionable(storage, device) - used);
}

/** Of a physical volume, without the extent its metadata takes. */
const extentsOf = (place: Place): number => Math.max(0, alignDown(placeSize(place)) - grain);

/** Bytes of a group: what its logical volumes share, or what its device has. */
export function groupSize(storage: Storage, group: Group): number {
  const members = membersOf(storage, group);
  if (group.kind === "lvm") return sum(members.map(extentsOf));
  if (group.kind === "vmfs6") return sum(members.map(placeSize));
  if (group.kind === "bcache") return Math.max(0, sum(members.map(placeSize)) - bcacheOverhead);
  const active = members.filter(({ filesystem }) => filesystem.fstype === "raid");
  const least = Math.max(0, Math.min(...active.map(placeSize)) - raidOverhead);
  return active.length === 0 ? 0 : raidSize(group.kind, active.length, least);
}

type RaidLevel = Exclude<Group["kind"], "lvm" | "bcache" | "vmfs6">;

function raidSize(level: RaidLevel, count: number, each: number): number {
  switch (level) {
    case "raid-0":
      return count * each;
    case "raid-1":
      return each;
    case "raid-5":
      return (count - 1) * each;
    case "raid-6":
      return (count - 2) * each;
    case "raid-10":
      return Math.floor((count * each) / 2);
  }
}

/** Bytes of a volume group that its logical volumes have. */
export function groupUsed(storage: Storage, group: Group): number {
  return sum(madeBy(storage, group).map(({ size }) => size));
}

const units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
/** A size for people, in powers of 1000: `8.6 GB`. */
export function humanSize(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${units[unit]}`;
}
