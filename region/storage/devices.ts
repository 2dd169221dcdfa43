import { InputError } from "../errors.ts";
import { deleteLogicalVolume, resizeLogicalVolume } from "./groups.ts";
import { dropDevice } from "./members.ts";
import { type BlockDevice, type Maker, type Storage, filesystemOf, isPhysical, partitionsOf } from "./model.ts";
import { givenUuid, requireFreeName, requireName } from "./names.ts";
import { grain } from "./sizes.ts";

/** What can be said of a physical disk. */
export type DiskFields = {
  name: string;
  size: number;
  block_size: number;
  model: string | null;
  serial: string | null;
  id_path: string | null;
  firmware_version: string | null;
  numa_node: number | null;
};
export type DeviceChange = Partial<DiskFields> & {
  uuid?: string | undefined;
  partition_table?: "GPT" | "MBR" | undefined;
};

const largest = 2 ** 53 - 1;

function requireDisk({ size, block_size, model, serial, id_path, numa_node }: DiskFields): void {
  if (size < grain || size > largest) throw InputError.field("size", size, `must be ${grain} to ${largest} bytes`);
  if (block_size < 512 || block_size > 65_536 || !Number.isInteger(Math.log2(block_size)))
    throw InputError.field("block_size", block_size, "must be 512 to 65536 bytes, a power of 2");
  if (numa_node !== null && (numa_node < 0 || numa_node > 1023))
    throw InputError.field("numa_node", numa_node, "must be 0 to 1023");
  // One of them must tell the disk apart from others when the machine is installed.
  if (id_path === null && (serial === null || model === null))
    throw InputError.field("id_path", id_path, "must be given where serial and model are not both given");
  for (const [field, value] of Object.entries({ model, serial, id_path })) {
    // oxlint-disable-next-line no-control-regex
    if (value !== null && (value.length > 4096 || /[\u0000-\u001f\u007f]/.test(value)))
      throw InputError.field(field, value, "must have at most 4096 characters and no control characters");
  }
  if (id_path !== null && (!id_path.startsWith("/dev/") || id_path.split("/").includes("..")))
    throw InputError.field("id_path", id_path, "must be a path below /dev, such as /dev/disk/by-id/wwn-0x5000");
}

/** A physical disk before anything is on it. */
export function newDisk(storage: Storage, make: Maker, fields: DiskFields, found: boolean): BlockDevice {
  const [id, machine_id] = [make.id(), storage.machineId];
  const device = { id, machine_id, ...fields, tags: [], partition_table: null, found, group_id: null, uuid: null };
  storage.devices.push(device);
  return device;
}

/** Makes a disk known that commissioning did not find. @throws InputError */
export function createDisk(storage: Storage, make: Maker, fields: DiskFields): BlockDevice {
  requireName("name", fields.name);
  requireFreeName(storage, fields.name, null);
  requireDisk(fields);
  return newDisk(storage, make, fields, false);
}

/** Fields a disk of a deployed machine may still be given: they say which one it is, and change nothing on it. */
const naming = ["name", "model", "serial", "id_path"] as const;

/**
 * Changes a device; `settle` refuses what no longer fits. Of a logical volume, name, UUID and size can change, of an
 * array's device nothing: it follows the array.
 *
 * @throws InputError
 */
export function updateDevice(storage: Storage, device: BlockDevice, change: DeviceChange, deployed = false): void {
  const { uuid, partition_table, ...fields } = change;
  if (partition_table !== undefined && !deployed) setTable(storage, device, partition_table);
  const group = storage.groups.find(({ id }) => id === device.group_id);
  if (group !== undefined) {
    if (group.kind !== "lvm") {
      if (fields.name !== undefined || fields.size !== undefined || uuid !== undefined)
        throw new InputError(`${device.name} is what ${group.name} makes: change the array.`);
      return;
    }
    if (fields.name !== undefined) {
      // The volume's own name is what comes after the group's; either is understood.
      const own = fields.name.startsWith(`${group.name}-`) ? fields.name.slice(group.name.length + 1) : fields.name;
      requireName("name", own);
      requireFreeName(storage, `${group.name}-${own}`, device);
      device.name = `${group.name}-${own}`;
    }
    if (uuid !== undefined && uuid !== "") device.uuid = givenUuid(uuid);
    if (fields.size !== undefined) resizeLogicalVolume(storage, group, device, fields.size);
    return;
  }
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const allowed = deployed ? given.filter(([field]) => naming.some((one) => one === field)) : given;
  const next = { ...device, ...Object.fromEntries(allowed) };
  if (next.name !== device.name) {
    requireName("name", next.name);
    requireFreeName(storage, next.name, device);
  }
  if (allowed.length > 0) requireDisk(next);
  Object.assign(device, next);
}

function setTable(storage: Storage, device: BlockDevice, table: "GPT" | "MBR"): void {
  if (device.partition_table === table) return;
  if (partitionsOf(storage, device).length > 0)
    throw InputError.field("partition_table_type", table, `cannot change while ${device.name} has partitions`);
  if (filesystemOf(storage, { device, partition: null }) !== undefined)
    throw InputError.field("partition_table_type", table, `cannot be set: ${device.name} is used as a whole`);
  device.partition_table = table;
}

/** @throws InputError where something is built upon the device, or an array makes it */
export function deleteDevice(storage: Storage, device: BlockDevice): void {
  const group = storage.groups.find(({ id }) => id === device.group_id);
  if (group === undefined) return dropDevice(storage, device);
  if (group.kind !== "lvm") throw new InputError(`${device.name} is what ${group.name} makes: delete the array.`);
  deleteLogicalVolume(storage, device);
}

/** Makes the machine boot from another disk. @throws InputError for one that is not physical */
export function setBootDisk(storage: Storage, device: BlockDevice): void {
  if (!isPhysical(device)) throw new InputError(`Cannot boot from ${device.name}, it is not a physical disk.`);
  storage.bootDiskId = device.id;
}
