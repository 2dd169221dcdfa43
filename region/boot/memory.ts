import { architectureMismatch, imageNotForMemory, makeFailure, memoryTooSmall } from "@rackwright/contract";
import type { Architecture, Failure, ImageFile, Inventory } from "@rackwright/contract";

const mebibyte = 1024 * 1024;
/** What a small server needs to run beside its image: kernel, programs, and files it writes into memory. */
const besideImage = 512 * mebibyte;
/** What an image must have to run from memory: only its own kernel fits the drivers in it. */
export const memoryRoles = ["boot-kernel", "boot-initrd", "squashfs"] as const;

type MemoryImage = { name: string; architecture: Architecture; files: readonly ImageFile[] };

/** Bytes of memory a machine must have to run the image from it. */
export function neededMemory(image: Pick<MemoryImage, "files">): number {
  return (image.files.find(({ role }) => role === "squashfs")?.size ?? 0) + besideImage;
}

/** Why the image cannot run from memory at all; null when it can. */
export function missingForMemory(image: MemoryImage): Failure | null {
  const roles = image.files.map(({ role }) => role);
  const missing = memoryRoles.filter((role) => !roles.includes(role));
  if (missing.length === 0) return null;
  return makeFailure(imageNotForMemory, `${image.name} cannot run from memory: it has no ${missing.join(", no ")}.`, [
    `its files: ${roles.join(", ") || "none"}`,
  ]);
}

/** Why a machine with so much memory (bytes; null: not known) cannot hold the image; null when it can. */
export function shortOfMemory(memory: number | null, image: MemoryImage): Failure | null {
  const needed = neededMemory(image);
  if (memory === null || memory >= needed) return null;
  return makeFailure(
    memoryTooSmall,
    `The machine has ${mebibytes(memory)} of memory; ${image.name} needs ${mebibytes(needed)} to run from it.`,
    [
      `image ${mebibytes(needed - besideImage)}, the system that runs ${mebibytes(besideImage)}`,
      `memory by the inventory: ${mebibytes(memory)}`,
    ],
  );
}

/** Whether the image can run from this machine's memory; null when it can. Asked before the machine is switched on. */
export function checkMemory(inventory: Inventory | null, image: MemoryImage): Failure | null {
  if (inventory !== null && inventory.architecture !== image.architecture) {
    return makeFailure(
      architectureMismatch,
      `${image.name} is made for ${image.architecture}, the machine is ${inventory.architecture}.`,
    );
  }
  return missingForMemory(image) ?? shortOfMemory(inventory?.memory.total ?? null, image);
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`;
