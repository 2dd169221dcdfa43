import type { Disk, Inventory } from "@rackwright/contract";
import { newDisk } from "./devices.ts";
import { type BlockDevice, type Maker, type Storage, filesystemOf, isPhysical } from "./model.ts";
import { grain } from "./sizes.ts";

/** How a disk that no system should go on is attached. */
const notForSystems = new Set(["usb", "iscsi", "fc", "mmc-boot"]);
/** Tags that follow from what a disk is; others are an operator's. */
const ownTags = ["ssd", "rotary", "removable", "sata"];

/** Why a disk is not one to put a system on; null when it is. */
export function unfit(disk: Disk): string | null {
  if (disk.removable) return "is removable";
  if (disk.read_only) return "is read-only";
  if (disk.transport !== null && notForSystems.has(disk.transport)) return `is attached by ${disk.transport}`;
  return null;
}

/** The disk of an inventory that a device stands for. */
export function foundDisk({ disks }: Pick<Inventory, "disks">, device: BlockDevice): Disk | undefined {
  return (
    disks.find(({ path }) => path === device.id_path) ??
    disks.find(({ serial }) => serial !== null && serial === device.serial)
  );
}

/**
 * Brings a machine's physical disks to what commissioning found. A disk keeps its id, and what is configured on it, by
 * its serial number, else by its path, else by its name. One that is gone is forgotten, unless `keep` and it is used.
 */
export function takeDisks(storage: Storage, make: Maker, inventory: Pick<Inventory, "disks">, keep: boolean): void {
  const usable = inventory.disks.filter(({ read_only, size }) => !read_only && size >= grain);
  const left = new Set(storage.devices.filter(isPhysical));
  const take = (device: BlockDevice | undefined): BlockDevice | undefined =>
    device !== undefined && left.delete(device) ? device : undefined;
  const known = [...left];
  const bySerial = new Map(known.map((device) => [serialOf(device), device]));
  const byPath = new Map(known.map((device) => [device.id_path, device]));
  const byName = new Map(known.map((device) => [device.name, device]));
  const pairs = usable.map((disk) => ({
    disk,
    device: disk.serial === null ? undefined : take(bySerial.get(serialOf(disk))),
  }));
  for (const pair of pairs) pair.device ??= take(byPath.get(pair.disk.path));
  for (const pair of pairs) {
    const named = byName.get(pair.disk.name);
    // Where both tell a serial number, these were different.
    if (named?.serial === null || pair.disk.serial === null) pair.device ??= take(named);
  }
  for (const device of left) {
    if (keep && isUsed(storage, device)) device.found = false;
    else forget(storage, device);
  }
  const names = new Set(storage.devices.filter((one) => !isPhysical(one) || left.has(one)).map(({ name }) => name));
  for (const { disk, device } of pairs) {
    const fields = fieldsOf(disk, names);
    const taken = device ?? newDisk(storage, make, fields, true);
    Object.assign(taken, fields, { found: true });
    const words = wordsOf(disk);
    taken.tags = [...taken.tags.filter((tag) => !ownTags.includes(tag)), ...words];
  }
  chooseBootDisk(storage, inventory);
}

const serialOf = ({ model, serial }: { model: string | null; serial: string | null }): string => `${model}\0${serial}`;

function isUsed(storage: Storage, device: BlockDevice): boolean {
  return device.partition_table !== null || filesystemOf(storage, { device, partition: null }) !== undefined;
}

function forget(storage: Storage, device: BlockDevice): void {
  const ids = new Set(storage.partitions.filter(({ device_id }) => device_id === device.id).map(({ id }) => id));
  storage.partitions = storage.partitions.filter(({ id }) => !ids.has(id));
  storage.filesystems = storage.filesystems.filter(
    (one) => one.device_id !== device.id && (one.partition_id === null || !ids.has(one.partition_id)),
  );
  storage.devices = storage.devices.filter((one) => one !== device);
  if (storage.bootDiskId === device.id) storage.bootDiskId = null;
}

/** What an inventory says, bounded: firmware may say anything, and two disks may come with one name. */
function fieldsOf(disk: Disk, names: Set<string>) {
  const plain = disk.name.replaceAll(/[^A-Za-z0-9_+.-]/g, "_").replace(/^-/, "_") || "disk";
  let name = plain;
  for (let count = 2; names.has(name); count += 1) name = `${plain}_${count}`;
  names.add(name);
  const sane = (value: number | null, least: number, most: number): boolean =>
    value !== null && Number.isInteger(value) && value >= least && value <= most;
  return {
    name,
    size: disk.size,
    block_size: sane(disk.block_size, 512, 65_536) ? disk.block_size : 512,
    model: disk.model,
    serial: disk.serial,
    id_path: disk.path,
    firmware_version: disk.firmware_version,
    numa_node: sane(disk.numa_node, 0, 1023) ? disk.numa_node : null,
  };
}

function wordsOf({ rotational, removable, transport }: Disk): string[] {
  const words = [rotational ? "rotary" : "ssd"];
  if (removable) words.push("removable");
  if (transport === "sata") words.push("sata");
  return words;
}

/** The smallest disk that takes a system. */
const leastForSystem = 2560 * 1024 ** 2;

/** The boot disk stays what it is; else the first that a system can go on, a large enough one before others. */
function chooseBootDisk(storage: Storage, inventory: Pick<Inventory, "disks">): void {
  const physical = storage.devices.filter(isPhysical);
  if (physical.some(({ id }) => id === storage.bootDiskId)) return;
  const fit = physical.filter((device) => {
    const disk = foundDisk(inventory, device);
    return disk !== undefined && unfit(disk) === null;
  });
  storage.bootDiskId = (fit.find(({ size }) => size >= leastForSystem) ?? fit[0])?.id ?? null;
}
