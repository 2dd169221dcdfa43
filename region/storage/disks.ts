import {
  architectureMismatch,
  diskMissing,
  diskTooSmall,
  imageUnusable,
  inventoryMissing,
  makeFailure,
  networkMissing,
} from "@rackwright/contract";
import type { Architecture, Disk, Failure, ImageFile, Inventory } from "@rackwright/contract";

const mebibyte = 1024 * 1024;
/** EFI system partition, as large as MAAS makes it. */
export const espSize = 512 * mebibyte;
export const biosBootSize = mebibyte;
/** A squashfs unpacks to two or three times its size; the rest is room to live. */
const unpackFactor = 4;
const smallestRoot = 2048 * mebibyte;
const notForSystems = new Set(["usb", "iscsi", "fc", "mmc-boot"]);

/** What the storage rules need of an image. */
export type DeployableImage = { name: string; architecture: Architecture; files: ImageFile[] };

/** The root file system among an image's files. */
export function rootImage(image: DeployableImage): ImageFile | null {
  return image.files.find((file) => file.role === "squashfs") ?? null;
}

/** Bytes a disk must have to take the image with its boot partitions. */
export function neededSize(image: DeployableImage): number {
  const root = Math.max(smallestRoot, (rootImage(image)?.size ?? 0) * unpackFactor);
  return root + espSize + 2 * mebibyte;
}

function unfit(disk: Disk, needed: number): string | null {
  if (disk.removable) return "is removable";
  if (disk.read_only) return "is read-only";
  if (disk.transport !== null && notForSystems.has(disk.transport)) return `is attached by ${disk.transport}`;
  return disk.size < needed ? `has only ${gibibytes(disk.size)}` : null;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** Chooses the disk for the system: the first of the inventory that is fixed, writable and large enough. */
export function chooseDisk(disks: readonly Disk[], image: DeployableImage): { disk: Disk } | { failure: Failure } {
  const needed = neededSize(image);
  const disk = disks.find((candidate) => unfit(candidate, needed) === null);
  if (disk !== undefined) return { disk };
  const evidence = disks.slice(0, 50).map((candidate) => `${candidate.name}: ${unfit(candidate, needed)}`);
  // With no size asked for, a disk that still fits was refused for its size alone.
  const tooSmall = disks.some((candidate) => unfit(candidate, 0) === null);
  return {
    failure: tooSmall
      ? makeFailure(
          diskTooSmall,
          `No disk of the machine has the ${gibibytes(needed)} that ${image.name} needs.`,
          evidence,
        )
      : makeFailure(
          diskMissing,
          `The machine has no disk that ${image.name} can be installed on.`,
          evidence.length === 0 ? ["the inventory lists no disk"] : evidence,
        ),
  };
}

/**
 * Whether an image can be put on a machine of this inventory; null when it can. Asked when a deployment is requested,
 * so that what cannot work is refused before the machine is powered on.
 */
export function checkDeployable(inventory: Inventory | null, image: DeployableImage): Failure | null {
  if (inventory === null) {
    return makeFailure(
      inventoryMissing,
      "The machine has no inventory yet, so there is nothing to plan an installation by.",
    );
  }
  if (inventory.architecture !== image.architecture) {
    return makeFailure(
      architectureMismatch,
      `${image.name} is made for ${image.architecture}, the machine is ${inventory.architecture}.`,
    );
  }
  if (rootImage(image) === null) {
    return makeFailure(imageUnusable, `${image.name} has no root file system to install.`, [
      `its files: ${image.files.map((file) => file.role).join(", ")}`,
    ]);
  }
  if (inventory.interfaces.length === 0) {
    return makeFailure(networkMissing, "The machine's inventory lists no network card to configure.");
  }
  const chosen = chooseDisk(inventory.disks, image);
  return "failure" in chosen ? chosen.failure : null;
}
