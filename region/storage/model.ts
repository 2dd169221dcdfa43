import type { Architecture, Firmware } from "@rackwright/contract";
import type { Selectable } from "kysely";
import type {
  BlockDevicesTable,
  FilesystemsTable,
  PartitionsTable,
  StorageCacheSetsTable,
  StorageGroupsTable,
} from "../database/tables/storage.ts";

export type BlockDevice = Selectable<BlockDevicesTable>;
export type Partition = Selectable<PartitionsTable>;
export type Filesystem = Selectable<FilesystemsTable>;
export type Group = Selectable<StorageGroupsTable>;
export type CacheSet = Selectable<StorageCacheSetsTable>;

/**
 * How the disks of one machine shall be used, whole. Operations change it in memory; `save` of store.ts brings the
 * database to it. Devices are in the order of their ids, partitions in that of their numbers.
 */
export type Storage = {
  machineId: string;
  architecture: Architecture | null;
  firmware: Firmware | null;
  /** What an operator or commissioning chose; `bootDisk` also knows what counts without it. */
  bootDiskId: number | null;
  devices: BlockDevice[];
  partitions: Partition[];
  filesystems: Filesystem[];
  groups: Group[];
  cacheSets: CacheSet[];
};

/** Gives new things their identity: `id` one that stands for the real one until it is saved, `uuid` a random UUID. */
export type Maker = { id: () => number; uuid: () => string };

/** Where something can be put: a whole device or a partition of it. */
export type Place = { device: BlockDevice; partition: Partition | null };

/** A machine of which no disk is known. */
export function emptyStorage(machineId: string): Storage {
  return {
    machineId,
    architecture: null,
    firmware: null,
    bootDiskId: null,
    devices: [],
    partitions: [],
    filesystems: [],
    groups: [],
    cacheSets: [],
  };
}

/** Makes identities: negative numbers for ids, which saving replaces. */
export function maker(uuid: () => string): Maker {
  let last = 0;
  return { id: () => (last -= 1), uuid };
}

export const isPhysical = ({ group_id }: BlockDevice): boolean => group_id === null;

/** The disk the machine boots from: the chosen one, else the first. */
export function bootDisk({ devices, bootDiskId }: Storage): BlockDevice | undefined {
  return devices.find(({ id }) => id === bootDiskId) ?? devices.find(isPhysical);
}

/** Only amd64 machines have a BIOS to boot from. */
export function bootsBy({ architecture, firmware }: Pick<Storage, "architecture" | "firmware">): Firmware {
  return architecture === "amd64" || architecture === null ? (firmware ?? "bios") : "uefi";
}

export function partitionsOf({ partitions }: Storage, { id }: BlockDevice): Partition[] {
  return partitions.filter(({ device_id }) => device_id === id);
}

/** What a place is used for by itself; of a device that is partitioned, nothing. */
export function filesystemOf({ filesystems }: Storage, { device, partition }: Place): Filesystem | undefined {
  return filesystems.find((one) =>
    partition === null ? one.device_id === device.id : one.partition_id === partition.id,
  );
}

/** The place a filesystem is on; null for a special one. */
export function placeOf({ devices, partitions }: Storage, filesystem: Filesystem): Place | null {
  const partition = partitions.find(({ id }) => id === filesystem.partition_id) ?? null;
  const device = devices.find(({ id }) => id === (partition?.device_id ?? filesystem.device_id));
  return device === undefined ? null : { device, partition };
}

/** What a group or cache set is made of, in the order in which it was added. */
export function membersOf(storage: Storage, of: Group | CacheSet): (Place & { filesystem: Filesystem })[] {
  return storage.filesystems.flatMap((filesystem) => {
    if (filesystem.group_id !== of.id && filesystem.cache_set_id !== of.id) return [];
    const place = placeOf(storage, filesystem);
    return place === null ? [] : [{ ...place, filesystem }];
  });
}

/** The devices a group makes: the logical volumes of a volume group, the one device of an array. */
export function madeBy({ devices }: Storage, { id }: Group): BlockDevice[] {
  return devices.filter(({ group_id }) => group_id === id);
}

export const partitionName = (device: BlockDevice, { number }: Partition): string => `${device.name}-part${number}`;
export const placeName = ({ device, partition }: Place): string =>
  partition === null ? device.name : partitionName(device, partition);
export const placeSize = ({ device, partition }: Place): number => partition?.size ?? device.size;

/** What special filesystems are called: they are in memory, on no device. */
export const specialTypes = ["tmpfs", "ramfs"] as const;
/** Filesystem types that mark a member of a group or cache set. */
export const memberTypes = ["lvm-pv", "raid", "raid-spare", "bcache-cache", "bcache-backing", "vmfs6"] as const;
export const isMember = ({ group_id, cache_set_id }: Filesystem): boolean => group_id !== null || cache_set_id !== null;
