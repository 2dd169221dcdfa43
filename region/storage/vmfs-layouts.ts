import { InputError } from "../errors.ts";
import type { BlockDevice, Maker, Place, Storage } from "./model.ts";
import { insertPartition } from "./partitions.ts";
import { alignDown, gibibyte, grain, mebibyte, partitionable } from "./sizes.ts";

export type VmfsLayout = "vmfs6" | "vmfs7";

/** What ESXi's own installer makes of a disk: partitions by number, and the number of the one for the datastore. */
const schemes = {
  vmfs6: {
    least: 10 * gibibyte,
    datastore: 3,
    partitions: [
      [1, 3 * mebibyte],
      [2, 4 * gibibyte],
      [5, 249 * mebibyte],
      [6, 249 * mebibyte],
      [7, 109 * mebibyte],
      [8, 285 * mebibyte],
      [9, 2560 * mebibyte],
    ],
  },
  vmfs7: {
    least: 32 * gibibyte,
    datastore: 8,
    partitions: [
      [1, 100 * mebibyte],
      [5, 4095 * mebibyte],
      [6, 4095 * mebibyte],
      [7, 25_662_832_128],
    ],
  },
} as const;

/**
 * Partitions a disk as ESXi has it, and returns the partition for the datastore: the rest, or `root` bytes of it.
 *
 * @throws InputError where the disk is too small
 */
export function applyVmfs(
  storage: Storage,
  make: Maker,
  layout: VmfsLayout,
  device: BlockDevice,
  root: number | null,
): Place {
  const { least, datastore, partitions } = schemes[layout];
  const fixed = partitions.reduce((sum, [, size]) => sum + size, 0);
  device.partition_table = "GPT";
  const room = alignDown(partitionable(storage, device) - fixed);
  if (device.size < least || room < grain)
    throw new InputError(
      `Failed to configure storage layout '${layout}': ${device.name} is too small, it has ${device.size} bytes and needs more than ${least}.`,
    );
  const size = root === null ? room : alignDown(root);
  if (size < grain || size > room)
    throw InputError.field("root_size", root, `must be ${grain} to ${room} bytes, what the scheme leaves`);
  for (const [number, bytes] of partitions)
    insertPartition(storage, make, device, number, { size: bytes, uuid: make.uuid() });
  return { device, partition: insertPartition(storage, make, device, datastore, { size, uuid: make.uuid() }) };
}
