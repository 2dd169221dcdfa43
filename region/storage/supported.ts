import type { Firmware } from "@rackwright/contract";
import type { Group, Place, Storage } from "./model.ts";
import { bootDisk, isMember, partitionsOf, placeName, placeOf } from "./model.ts";
import { overfull } from "./settle.ts";

/** Filesystems the installer makes. */
export const installable = ["ext2", "ext4", "xfs", "fat32", "vfat", "swap"] as const;
export type Installable = (typeof installable)[number];
/** Those a system's root and its kernels can be on. */
const forSystems: readonly string[] = ["ext2", "ext4", "xfs"];
const forFirmware: readonly string[] = ["fat32", "vfat"];
/** Where a running system has filesystems of the kernel. */
const ofTheKernel = /^\/(proc|sys|dev|run)(\/|$)/;

/** Where the filesystem mounted at a path is. */
export function mountedAt(storage: Storage, path: string): (Place & { fstype: string }) | null {
  const filesystem = storage.filesystems.find((one) => one.mount_point === path);
  const place = filesystem === undefined ? null : placeOf(storage, filesystem);
  return filesystem === undefined || place === null ? null : { ...place, fstype: filesystem.fstype };
}

function groupWords({ kind, name }: Group): string {
  const words = { lvm: "a volume group", bcache: "a bcache", vmfs6: "a VMFS datastore" } as const;
  const what = kind === "lvm" || kind === "bcache" || kind === "vmfs6" ? words[kind] : `a RAID (${kind})`;
  return `${name} is ${what}`;
}

/** What of a configuration the installer cannot make, one sentence each; none where it can make all of it. */
export function unsupported(storage: Storage, firmware: Firmware): string[] {
  const reasons = storage.groups.map(groupWords);
  for (const set of storage.cacheSets) reasons.push(`${set.name} is a cache set`);
  for (const device of storage.devices) {
    if (device.partition_table === "MBR") reasons.push(`${device.name} has an MBR`);
    const full = overfull(storage, device);
    if (full !== null) reasons.push(full);
  }
  for (const filesystem of storage.filesystems) {
    const { fstype, mount_point } = filesystem;
    const place = placeOf(storage, filesystem);
    if (isMember(filesystem)) continue;
    if (place !== null && !installable.some((one) => one === fstype))
      reasons.push(`${placeName(place)} has a filesystem of type ${fstype}`);
    if (mount_point !== null && ofTheKernel.test(mount_point))
      reasons.push(`${place === null ? fstype : placeName(place)} is mounted at ${mount_point}, which is the kernel's`);
    if ((mount_point === "/" || mount_point === "/boot") && !forSystems.includes(fstype))
      reasons.push(
        `${place === null ? fstype : placeName(place)} at ${mount_point} has ${fstype}, which no system boots from`,
      );
  }
  return [...reasons, ...(firmware === "uefi" ? uefiReasons(storage) : biosReasons(storage))];
}

function uefiReasons(storage: Storage): string[] {
  const efi = mountedAt(storage, "/boot/efi");
  if (efi === null) return ["a UEFI machine needs an EFI system partition, mounted at /boot/efi"];
  if (efi.partition === null) return [`${efi.device.name} at /boot/efi is not a partition`];
  return forFirmware.includes(efi.fstype) ? [] : [`${placeName(efi)} at /boot/efi is not fat32`];
}

function biosReasons(storage: Storage): string[] {
  const boot = bootDisk(storage);
  if (boot === undefined) return ["the machine has no disk to boot from"];
  if (boot.partition_table !== "GPT") return [`${boot.name}, the boot disk of a machine with a BIOS, has no GPT`];
  // One entry of the table is the boot loader's.
  return partitionsOf(storage, boot).length < 128 ? [] : [`${boot.name} has no entry left for the boot loader`];
}
