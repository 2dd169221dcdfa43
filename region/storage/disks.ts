import {
  architectureMismatch,
  diskMissing,
  diskTooSmall,
  imageUnusable,
  inventoryMissing,
  makeFailure,
  networkMissing,
  rootMissing,
  storageUnsupported,
} from "@rackwright/contract";
import type { Architecture, Disk, Failure, Firmware, ImageFile, Inventory } from "@rackwright/contract";
import { foundDisk, unfit } from "./found.ts";
import { usedDisks } from "./layout.ts";
import { type BlockDevice, type Storage, bootsBy, placeName, placeSize } from "./model.ts";
import { gibibyte, mebibyte } from "./sizes.ts";
import { mountedAt, unsupported } from "./supported.ts";

/** A squashfs unpacks to two or three times its size; the rest is room to live. */
const unpackFactor = 4;
const smallestRoot = 2048 * mebibyte;
/** Boot partitions and what the table keeps for itself. */
const besides = (512 + 16) * mebibyte;

/** What the storage rules need of an image. */
export type DeployableImage = { name: string; architecture: Architecture; files: ImageFile[] };

/** The root file system among an image's files. */
export function rootImage(image: DeployableImage): ImageFile | null {
  return image.files.find((file) => file.role === "squashfs") ?? null;
}

/** Bytes the root filesystem must have to take the image. */
export function neededRoot(image: DeployableImage): number {
  return Math.max(smallestRoot, (rootImage(image)?.size ?? 0) * unpackFactor);
}

/** Bytes a disk must have to take the image with its boot partitions. */
export const neededSize = (image: DeployableImage): number => neededRoot(image) + besides;

const gibibytes = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;

/** Why no disk of a machine takes the image; null where one does. */
function noDisk(disks: readonly Disk[], image: DeployableImage): Failure | null {
  const needed = neededSize(image);
  const why = (disk: Disk) => unfit(disk) ?? (disk.size < needed ? `has only ${gibibytes(disk.size)}` : null);
  if (disks.some((disk) => why(disk) === null)) return null;
  const evidence = disks.slice(0, 50).map((disk) => `${disk.name}: ${why(disk)}`);
  // A disk that is not unfit by its kind was refused for its size alone.
  return disks.some((disk) => unfit(disk) === null)
    ? makeFailure(
        diskTooSmall,
        `No disk of the machine has the ${gibibytes(needed)} that ${image.name} needs.`,
        evidence,
      )
    : makeFailure(
        diskMissing,
        `The machine has no disk that ${image.name} can be installed on.`,
        evidence.length === 0 ? ["the inventory lists no disk"] : evidence,
      );
}

/** How the machine will boot what is installed. */
export function firmwareOf(inventory: Inventory, { firmware }: Pick<Storage, "firmware">): Firmware {
  return bootsBy({ architecture: inventory.architecture, firmware: firmware ?? inventory.firmware });
}

/** Devices that stand for a disk another of them stands for already: what is on one would be wiped for the other. */
function sharedDisks(devices: readonly BlockDevice[], inventory: Inventory): string[] {
  const first = new Map<Disk, BlockDevice>();
  return devices.flatMap((device) => {
    const disk = foundDisk(inventory, device);
    const other = disk && first.get(disk);
    if (disk !== undefined && other === undefined) first.set(disk, device);
    return disk && other ? [`${other.name} and ${device.name} are one disk, ${disk.name} (${disk.path})`] : [];
  });
}

/** Why the configured storage cannot be installed on; null when it can. */
function checkStorage(storage: Storage, inventory: Inventory, image: DeployableImage): Failure | null {
  const root = mountedAt(storage, "/");
  if (root === null) {
    const none = noDisk(inventory.disks, image);
    if (none !== null && storage.groups.length === 0) return none;
  }
  const firmware = firmwareOf(inventory, storage);
  const reasons = unsupported(storage, firmware);
  if (reasons.length > 0 && (root !== null || storage.groups.length > 0)) {
    const [first] = reasons;
    const message = `The installer cannot make the storage this machine is configured with: ${first}.`;
    return makeFailure(storageUnsupported, message, reasons.slice(0, 50));
  }
  if (root === null) return makeFailure(rootMissing, "No filesystem of the machine is mounted at /.");
  const used = usedDisks(storage, firmware);
  const absent = used.filter((device) => foundDisk(inventory, device) === undefined).map(({ name }) => name);
  if (absent.length > 0)
    return makeFailure(
      diskMissing,
      `The storage configuration uses ${absent.slice(0, 10).join(", ")}, which commissioning did not find.`,
      inventory.disks.slice(0, 50).map(({ name, path }) => `found: ${name} (${path})`),
    );
  const shared = sharedDisks(used, inventory);
  if (shared.length > 0)
    return makeFailure(
      storageUnsupported,
      `The storage configuration uses one disk as two: ${shared[0]}.`,
      shared.slice(0, 50),
      "Delete one of the two, or give it the id_path of a disk of its own, then deploy again.",
    );
  const [has, needs] = [placeSize(root), neededRoot(image)];
  // What a default layout leaves of a disk that is just large enough.
  if (has >= needs) return null;
  const message = `The root filesystem has ${gibibytes(has)}, and ${image.name} needs ${gibibytes(needs)}.`;
  return makeFailure(diskTooSmall, message, [`${placeName(root)} is mounted at /`]);
}

/**
 * Whether an image can be put on a machine of this inventory, configured so; null when it can. Asked when a deployment is
 * requested, so that what cannot work is refused before the machine is powered on.
 */
export function checkDeployable(inventory: Inventory | null, storage: Storage, image: DeployableImage): Failure | null {
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
  return checkStorage(storage, inventory, image);
}
