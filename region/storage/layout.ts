import { createHash } from "node:crypto";
import type { Disk, Firmware, StorageAction } from "@rackwright/contract";
import { biosBootSize, espSize } from "./disks.ts";

/** A version 8 UUID (RFC 9562 5.8) that is always the same for the same words. */
export function stableUuid(...words: string[]): string {
  const bytes = createHash("sha256").update(words.join("\0")).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The volume id of a FAT file system: two groups of four hexadecimal digits. */
function volumeId(...words: string[]): string {
  const hex = stableUuid(...words)
    .slice(0, 8)
    .toUpperCase();
  return `${hex.slice(0, 4)}-${hex.slice(4)}`;
}

/**
 * The flat layout on one disk, as storage configuration version 1: a GPT with the firmware's boot partition, and an
 * ext4 root in the rest. `seed` names the deployment: the same one gives the same identifiers, another gives others.
 */
export function flatLayout(disk: Pick<Disk, "name" | "path">, firmware: Firmware, seed: string): StorageAction[] {
  const id = disk.name;
  const boot = `${id}-part1`;
  const root = `${id}-part2`;
  const table = { id, type: "disk", path: disk.path, ptable: "gpt", wipe: "superblock" } as const;
  const rest = { id: root, type: "partition", device: id, number: 2, size: "rest", flag: "linux" } as const;
  const rootFormat = {
    id: `${root}_format`,
    type: "format",
    volume: root,
    fstype: "ext4",
    label: "root",
    uuid: stableUuid(seed, "root"),
  } as const;
  const rootMount = {
    id: `${root}_mount`,
    type: "mount",
    device: rootFormat.id,
    path: "/",
    options: "errors=remount-ro",
  } as const;
  if (firmware === "bios") {
    return [
      { ...table, grub_device: true },
      { id: boot, type: "partition", device: id, number: 1, size: biosBootSize, flag: "bios_grub" },
      rest,
      rootFormat,
      rootMount,
    ];
  }
  return [
    table,
    { id: boot, type: "partition", device: id, number: 1, size: espSize, flag: "boot", grub_device: true },
    rest,
    { id: `${boot}_format`, type: "format", volume: boot, fstype: "fat32", label: "efi", uuid: volumeId(seed, "efi") },
    rootFormat,
    rootMount,
    { id: `${boot}_mount`, type: "mount", device: `${boot}_format`, path: "/boot/efi", options: "umask=0077" },
  ];
}
