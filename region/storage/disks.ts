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
      ? {
          code: "disk-too-small",
          message: `No disk of the machine has the ${gibibytes(needed)} that ${image.name} needs.`,
          evidence,
          next: "Choose a machine with a larger disk, or commission this one again after changing its disks.",
        }
      : {
          code: "disk-missing",
          message: `The machine has no disk that ${image.name} can be installed on.`,
          evidence: evidence.length === 0 ? ["the inventory lists no disk"] : evidence,
          next: "Attach a disk or check the storage controller, then commission the machine again.",
        },
  };
}

/**
 * Whether an image can be put on a machine of this inventory; null when it can. Asked when a deployment is requested,
 * so that what cannot work is refused before the machine is powered on.
 */
export function checkDeployable(inventory: Inventory | null, image: DeployableImage): Failure | null {
  if (inventory === null) {
    return {
      code: "inventory-missing",
      message: "The machine has no inventory yet, so there is nothing to plan an installation by.",
      evidence: [],
      next: "Commission the machine first.",
    };
  }
  if (inventory.architecture !== image.architecture) {
    return {
      code: "architecture-mismatch",
      message: `${image.name} is made for ${image.architecture}, the machine is ${inventory.architecture}.`,
      evidence: [],
      next: `Choose an image for ${inventory.architecture} (rackwright images list).`,
    };
  }
  if (rootImage(image) === null) {
    return {
      code: "image-unusable",
      message: `${image.name} has no root file system to install.`,
      evidence: [`its files: ${image.files.map((file) => file.role).join(", ")}`],
      next: "Build the image again: rackwright images build",
    };
  }
  if (inventory.interfaces.length === 0) {
    return {
      code: "network-missing",
      message: "The machine's inventory lists no network card to configure.",
      evidence: [],
      next: "Commission the machine again.",
    };
  }
  const chosen = chooseDisk(inventory.disks, image);
  return "failure" in chosen ? chosen.failure : null;
}
