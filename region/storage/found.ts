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

/** The disk of an inventory that a device stands for: that at its path, else the only one with its serial number. */
export function foundDisk({ disks }: Pick<Inventory, "disks">, device: BlockDevice): Disk | undefined {
  const there = disks.find(({ path }) => path === device.id_path);
  if (there !== undefined || device.serial === null) return there;
  const sameSerial = disks.filter(({ serial }) => serial === device.serial);
  const same = sameSerial.length > 1 ? sameSerial.filter(({ model }) => model === device.model) : sameSerial;
  return same.length === 1 ? same[0] : undefined;
}

/**
 * Brings a machine's physical disks to what commissioning found. A disk keeps its id, and what is configured on it, by
 * its serial number where no other disk has the same, else by its path, else by its name. One that is gone is forgotten,
 * unless `keep` and it is used.
 */
export function takeDisks(storage: Storage, make: Maker, inventory: Pick<Inventory, "disks">, keep: boolean): void {
  const usable = inventory.disks.filter(({ read_only, size }) => !read_only && size >= grain);
  const left = new Set(storage.devices.filter(isPhysical));
  const take = (device: BlockDevice | undefined): BlockDevice | undefined =>
    device !== undefined && left.delete(device) ? device : undefined;
  const known = [...left];
  const bySerial = onlyBySerial(known);
  // Also those that cannot be used: with one of them a disk may share its serial number.
  const foundBySerial = onlyBySerial(inventory.disks);
  const byPath = new Map(known.map((device) => [device.id_path, device]));
  const byName = new Map(known.map((device) => [device.name, device]));
  const pairs = usable.map((disk) => ({
    disk,
    device: foundBySerial.get(serialOf(disk)) === disk ? take(bySerial.get(serialOf(disk))) : undefined,
  }));
  for (const pair of pairs) pair.device ??= take(byPath.get(pair.disk.path));
  for (const pair of pairs) {
    const named = byName.get(pair.disk.name);
    const serials = new Set([named?.serial ?? null, pair.disk.serial, null]);
    // Where both tell a serial number, and not the same, these were different.
    if (serials.size < 3) pair.device ??= take(named);
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

type Serial = { model: string | null; serial: string | null };
const serialOf = ({ model, serial }: Serial): string => `${model}\0${serial}`;

/** Those that model and serial number tell apart from the others; namespaces, LUNs and paths to one disk share both. */
function onlyBySerial<T extends Serial>(disks: readonly T[]): Map<string, T> {
  const all = Map.groupBy(
    disks.filter(({ serial }) => serial !== null),
    serialOf,
  );
  return new Map([...all].flatMap(([key, [one, ...others]]) => (one && others.length === 0 ? [[key, one]] : [])));
}

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
