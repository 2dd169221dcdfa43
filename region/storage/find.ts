import { InputError, NotFound } from "../errors.ts";
import type { BlockDevice, CacheSet, Group, Partition, Place, Storage } from "./model.ts";
import { partitionName, partitionsOf } from "./model.ts";

/** What somebody calls a thing: its id in digits, or its name. */
type Name = string | number;

const is = (name: Name, one: { id: number }, its: string): boolean => String(name) === String(one.id) || name === its;

const missing = (kind: string, name: Name, machineId: string): NotFound =>
  new NotFound(`There is no ${kind} ${String(name).slice(0, 100)} on machine ${machineId}.`, {
    next: "Read the machine's storage to see what there is.",
  });

/** @throws NotFound */
export function findDevice(storage: Storage, name: Name): BlockDevice {
  const device = storage.devices.find((one) => is(name, one, one.name));
  if (device === undefined) throw missing("block device", name, storage.machineId);
  return device;
}

/** @throws NotFound */
export function findPartition(storage: Storage, device: BlockDevice, name: Name): Place & { partition: Partition } {
  const partition = partitionsOf(storage, device).find((one) => is(name, one, partitionName(device, one)));
  if (partition === undefined) throw missing("partition", name, storage.machineId);
  return { device, partition };
}

/** A device and, where it is named, a partition of it. @throws NotFound */
export function findPlace(storage: Storage, deviceName: Name, partitionName?: Name): Place {
  const device = findDevice(storage, deviceName);
  return partitionName === undefined ? { device, partition: null } : findPartition(storage, device, partitionName);
}

export type GroupFamily = "lvm" | "raid" | "bcache" | "vmfs6";

/** @throws NotFound also for a group of another kind */
export function findGroup(storage: Storage, family: GroupFamily, name: Name): Group {
  const kinds = { lvm: "volume group", raid: "RAID", bcache: "bcache", vmfs6: "VMFS datastore" } as const;
  const group = storage.groups.find((one) => familyOf(one) === family && is(name, one, one.name));
  if (group === undefined) throw missing(kinds[family], name, storage.machineId);
  return group;
}

/** What kind of thing a group is, whatever its level. */
export function familyOf({ kind }: Group): GroupFamily {
  return kind === "lvm" || kind === "bcache" || kind === "vmfs6" ? kind : "raid";
}

/** @throws NotFound */
export function findCacheSet(storage: Storage, name: Name): CacheSet {
  const set = storage.cacheSets.find((one) => is(name, one, one.name));
  if (set === undefined) throw missing("cache set", name, storage.machineId);
  return set;
}

/** Devices named in a field. @throws InputError for one that there is not */
export function devicesNamed(storage: Storage, field: string, names: readonly Name[]): Place[] {
  return unique(names).map((name) => {
    const device = storage.devices.find((one) => is(name, one, one.name));
    if (device !== undefined) return { device, partition: null };
    throw InputError.field(field, name, "must name block devices of this machine by id or name");
  });
}

/** Partitions named in a field. @throws InputError for one that there is not */
export function partitionsNamed(storage: Storage, field: string, names: readonly Name[]): Place[] {
  return unique(names).map((name) => {
    for (const partition of storage.partitions) {
      const device = storage.devices.find(({ id }) => id === partition.device_id);
      if (device !== undefined && is(name, partition, partitionName(device, partition))) return { device, partition };
    }
    throw InputError.field(field, name, "must name partitions of this machine by id or name");
  });
}

const unique = (names: readonly Name[]): Name[] => [...new Set(names.map(String))];
