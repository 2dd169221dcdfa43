import type { Filesystem, Group, Place, Storage } from "./model.ts";
import { filesystemOf, partitionsOf } from "./model.ts";

/** What a place is used for, in MAAS's words. */
export function usedFor(storage: Storage, place: Place): string {
  const filesystem = filesystemOf(storage, place);
  if (filesystem !== undefined) return filesystemWords(storage, filesystem);
  const { device, partition } = place;
  if (partition !== null || device.partition_table === null) return "Unused";
  const count = partitionsOf(storage, device).length;
  return `${device.partition_table} partitioned with ${count} partition${count === 1 ? "" : "s"}`;
}

function filesystemWords(storage: Storage, filesystem: Filesystem): string {
  const { fstype, mount_point, group_id, cache_set_id } = filesystem;
  if (cache_set_id !== null) {
    const set = storage.cacheSets.find(({ id }) => id === cache_set_id);
    return `Cache device for ${set?.name ?? ""}`;
  }
  const group = storage.groups.find(({ id }) => id === group_id);
  if (group !== undefined) return memberWords(group, filesystem);
  return mount_point === null
    ? `Unmounted ${fstype} formatted filesystem`
    : `${fstype} formatted filesystem mounted at ${mount_point}`;
}

function memberWords({ kind, name }: Group, { fstype }: Filesystem): string {
  if (kind === "lvm") return `LVM volume for ${name}`;
  if (kind === "bcache") return `Backing device for ${name}`;
  if (kind === "vmfs6") return `VMFS extent for ${name}`;
  return `${fstype === "raid-spare" ? "Spare" : "Active"} ${kind} device for ${name}`;
}
