import { z } from "zod";
import { firmware, sha256 } from "./values.ts";

/** Actions of curtin's storage configuration version 1 (its documented format) that the agent carries out. */
export const storageAction = z.discriminatedUnion("type", [
  z.object({
    id: z.string(),
    type: z.literal("disk"),
    path: z.string().optional(),
    serial: z.string().optional(),
    ptable: z.literal("gpt").optional().describe("left out: the disk is used as a whole"),
    wipe: z.literal("superblock"),
    grub_device: z.boolean().optional(),
  }),
  z.object({
    id: z.string(),
    type: z.literal("partition"),
    device: z.string(),
    number: z.int().positive(),
    size: z.int().positive().describe("bytes").or(z.literal("rest")),
    flag: z.enum(["bios_grub", "boot", "linux", "swap"]),
    uuid: z.string().optional(),
    grub_device: z.boolean().optional(),
  }),
  z.object({
    id: z.string(),
    type: z.literal("format"),
    volume: z.string(),
    fstype: z.enum(["ext2", "ext4", "xfs", "fat32", "vfat", "swap"]),
    label: z.string().max(16).optional(),
    uuid: z.string(),
  }),
  z.object({
    id: z.string(),
    type: z.literal("mount"),
    device: z.string().optional().describe("id of a format action; left out: nothing but `spec`"),
    spec: z.string().optional().describe("what is mounted where it is no device, such as tmpfs"),
    fstype: z.string().optional(),
    path: z.string().describe("'none' for swap"),
    options: z.string().optional(),
  }),
]);
export type StorageAction = z.infer<typeof storageAction>;

/** Everything needed to put an operating system on this machine's disk. */
export const installPlan = z.object({
  firmware,
  hostname: z.string(),
  source: z.object({
    type: z.literal("squashfs"),
    image: z.string(),
    path: z.string().describe("path on the rack, /images/<sha256>/squashfs"),
    sha256,
    size: z.int(),
  }),
  storage: z.object({ version: z.literal(1), config: z.array(storageAction) }),
  network: z.looseObject({ version: z.literal(2) }).describe("network configuration version 2 (netplan)"),
  write_files: z.array(
    z.object({ path: z.string().startsWith("/"), content: z.string(), permissions: z.string().regex(/^0[0-7]{3}$/) }),
  ),
  kernel_options: z.string(),
});
export type InstallPlan = z.infer<typeof installPlan>;
