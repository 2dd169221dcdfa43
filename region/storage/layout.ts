import type { Firmware, Inventory, StorageAction } from "@rackwright/contract";
import { foundDisk } from "./found.ts";
import type { BlockDevice, Filesystem, Partition, Place, Storage } from "./model.ts";
import { bootDisk, filesystemOf, isPhysical, partitionName, partitionsOf, placeName, placeOf } from "./model.ts";
import { biosGrub } from "./sizes.ts";
import { type Installable, installable } from "./supported.ts";

/**
 * A machine's storage as storage configuration version 1 of curtin: disks that are used, their partitions, filesystems,
 * and mounts, the upper ones first. Disks that are not used are not in it, and so stay as they are. Only what
 * `unsupported` finds nothing in.
 */
export function storageActions(
  storage: Storage,
  inventory: Pick<Inventory, "disks">,
  firmware: Firmware,
): StorageAction[] {
  const used = usedDisks(storage, firmware);
  return [
    ...used.flatMap((device) => diskActions(storage, device, inventory, firmware)),
    ...used.flatMap((device) => placesOf(storage, device).flatMap((place) => formatActions(storage, place))),
    ...mountActions(storage),
  ];
}

/** The disks an installation writes to: those with a partition, a filesystem, or the boot loader of a BIOS machine. */
export function usedDisks(storage: Storage, firmware: Firmware): BlockDevice[] {
  const loader = firmware === "bios" ? bootDisk(storage) : undefined;
  return storage.devices.filter((device) => isPhysical(device) && (device === loader || isUsed(storage, device)));
}

function isUsed(storage: Storage, device: BlockDevice): boolean {
  const whole = filesystemOf(storage, { device, partition: null });
  return whole !== undefined || partitionsOf(storage, device).length > 0;
}

function placesOf(storage: Storage, device: BlockDevice): Place[] {
  const partitions = partitionsOf(storage, device).map((partition) => ({ device, partition }));
  return [{ device, partition: null }, ...partitions];
}

function diskActions(
  storage: Storage,
  device: BlockDevice,
  inventory: Pick<Inventory, "disks">,
  firmware: Firmware,
): StorageAction[] {
  const id = device.name;
  const path = foundDisk(inventory, device)?.path ?? device.id_path ?? `/dev/${device.name}`;
  const loader = firmware === "bios" && bootDisk(storage) === device;
  const disk = { id, type: "disk", path, wipe: "superblock" } as const;
  if (device.partition_table === null) return [disk];
  const partitions = partitionsOf(storage, device).map((partition) => partitionAction(storage, device, partition));
  const free = freeNumber(partitionsOf(storage, device));
  const grub = {
    id: `${id}-part${free}`,
    type: "partition",
    device: id,
    number: free,
    size: biosGrub,
    flag: "bios_grub",
  } as const;
  return loader
    ? [{ ...disk, ptable: "gpt", grub_device: true }, grub, ...partitions]
    : [{ ...disk, ptable: "gpt" }, ...partitions];
}

/** Number 1 is kept for the boot loader, where the table was made for a machine with a BIOS. */
function freeNumber(partitions: readonly Partition[]): number {
  let number = 1;
  while (partitions.some((one) => one.number === number)) number += 1;
  return number;
}

function partitionAction(storage: Storage, device: BlockDevice, partition: Partition): StorageAction {
  const filesystem = filesystemOf(storage, { device, partition });
  const esp = filesystem?.mount_point === "/boot/efi";
  const { number, size, uuid, bootable } = partition;
  const flag = esp || bootable ? "boot" : filesystem?.fstype === "swap" ? "swap" : "linux";
  return {
    id: partitionName(device, partition),
    type: "partition",
    device: device.name,
    number,
    size,
    flag,
    uuid,
    ...(esp && { grub_device: true }),
  };
}

const typeOf = ({ fstype }: Filesystem): Installable | undefined => installable.find((one) => one === fstype);

function formatActions(storage: Storage, place: Place): StorageAction[] {
  const filesystem = filesystemOf(storage, place);
  const fstype = filesystem && typeOf(filesystem);
  if (filesystem === undefined || fstype === undefined) return [];
  const { label, uuid } = filesystem;
  const volume = placeName(place);
  return [{ id: `${volume}_format`, type: "format", volume, fstype, uuid, ...(label !== null && { label }) }];
}

function mountActions(storage: Storage): StorageAction[] {
  const mounted = storage.filesystems.flatMap((filesystem) => {
    const path = filesystem.mount_point;
    return path === null ? [] : [{ filesystem, path, place: placeOf(storage, filesystem) }];
  });
  mounted.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.filesystem.id - b.filesystem.id));
  return mounted.map(({ filesystem, path, place }): StorageAction => {
    const given = filesystem.mount_options ?? usualOptions(filesystem);
    const options = given === null ? {} : { options: given };
    if (place !== null) {
      const volume = placeName(place);
      return { id: `${volume}_mount`, type: "mount", device: `${volume}_format`, path, ...options };
    }
    const { fstype } = filesystem;
    const id = `${path.slice(1).replaceAll("/", "-")}_mount`;
    return { id, type: "mount", spec: fstype, fstype, path, ...options };
  });
}

/** Options where nobody gave any. */
function usualOptions({ mount_point, fstype }: Filesystem): string | null {
  if (mount_point === "/" && fstype.startsWith("ext")) return "errors=remount-ro";
  return mount_point === "/boot/efi" ? "umask=0077" : null;
}
