import { InputError } from "../errors.ts";
import { type BlockDevice, type Maker, type Partition, type Storage, partitionName, partitionsOf } from "./model.ts";
import { filesystemOf, isMember, isPhysical } from "./model.ts";
import { givenUuid } from "./names.ts";
import { alignDown, grain, keepsFirst, roomFor } from "./sizes.ts";

export type PartitionWish = {
  /** Bytes, rounded down to 4 MiB; left out: all that is free. */
  size?: number | undefined;
  uuid?: string | undefined;
  bootable?: boolean | undefined;
};

/** A GPT has 128 entries. */
const mostPartitions = 128;

/** The number of the next partition: the lowest that is free and that nothing else is kept for. */
export function nextNumber(storage: Storage, device: BlockDevice): number {
  const taken = new Set(partitionsOf(storage, device).map(({ number }) => number));
  // Four is the extended partition of an MBR, that holds all further ones.
  if (device.partition_table === "MBR") taken.add(4);
  for (let number = keepsFirst(storage, device) ? 2 : 1; ; number += 1) if (!taken.has(number)) return number;
}

/** Refuses a device that cannot have partitions: one that is used as a whole, or a logical volume. */
export function requirePartitionable(storage: Storage, device: BlockDevice): void {
  const use = filesystemOf(storage, { device, partition: null });
  if (use !== undefined)
    throw new InputError(
      isMember(use)
        ? `${device.name} cannot be partitioned, it is a member of something else as a whole.`
        : `${device.name} cannot be partitioned, it has a filesystem: unformat it first.`,
    );
  const group = isPhysical(device) ? undefined : storage.groups.find(({ id }) => id === device.group_id);
  if (group?.kind === "lvm") throw new InputError(`${device.name} is a logical volume, these are not partitioned.`);
}

/**
 * Adds a partition after the others of a device; its first makes a GPT.
 *
 * @throws InputError
 */
export function addPartition(storage: Storage, make: Maker, device: BlockDevice, wish: PartitionWish): Partition {
  requirePartitionable(storage, device);
  const count = partitionsOf(storage, device).length;
  if (count >= mostPartitions)
    throw new InputError(`${device.name} has ${count} partitions, there is no room for more.`);
  const table = device.partition_table;
  device.partition_table ??= "GPT";
  const room = roomFor(storage, device);
  const size = wish.size === undefined ? room : alignDown(wish.size);
  const refusal =
    room < grain
      ? "cannot be met: the device has no 4 MiB left"
      : size < grain
        ? `must be at least ${grain} bytes`
        : size > room
          ? `must be at most ${room} bytes, what is free on ${device.name}`
          : null;
  if (refusal !== null) {
    device.partition_table = table;
    throw InputError.field("size", wish.size, refusal);
  }
  const uuid = wish.uuid === undefined ? make.uuid() : givenUuid(wish.uuid);
  return insertPartition(storage, make, device, nextNumber(storage, device), { size, uuid, bootable: wish.bootable });
}

/** Adds a partition with exactly this number and size, as layouts of other systems want it. */
export function insertPartition(
  storage: Storage,
  make: Maker,
  device: BlockDevice,
  number: number,
  { size, uuid, bootable = false }: { size: number; uuid: string; bootable?: boolean | undefined },
): Partition {
  const [id, machine_id] = [make.id(), storage.machineId];
  const partition = { id, machine_id, device_id: device.id, number, size, uuid, bootable, tags: [] };
  storage.partitions.push(partition);
  storage.partitions.sort((a, b) => a.device_id - b.device_id || a.number - b.number);
  return partition;
}

/** Takes a partition away, with the filesystem on it. @throws InputError where it is a member of something */
export function deletePartition(storage: Storage, device: BlockDevice, partition: Partition): void {
  const use = filesystemOf(storage, { device, partition });
  if (use !== undefined && isMember(use))
    throw new InputError(`${partitionName(device, partition)} cannot be deleted, it is a member of something else.`);
  storage.filesystems = storage.filesystems.filter((one) => one !== use);
  storage.partitions = storage.partitions.filter((one) => one !== partition);
  // A device without partitions can be used for anything again.
  if (partitionsOf(storage, device).length === 0) device.partition_table = null;
}
