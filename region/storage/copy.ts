import { InputError } from "../errors.ts";
import { clear } from "./layouts.ts";
import { type BlockDevice, type Maker, type Storage, bootDisk, isPhysical } from "./model.ts";

/** Physical disks, the one that is booted from first. */
function disksOf(storage: Storage): BlockDevice[] {
  const boot = bootDisk(storage);
  const disks = storage.devices.filter(isPhysical);
  return boot === undefined ? disks : [boot, ...disks.filter(({ id }) => id !== boot.id)];
}

/**
 * Lays the disks of a machine out as those of another one: the boot disk as its boot disk, the others in their order.
 * Disks keep what they are; everything on them is made anew.
 *
 * @throws InputError where the machine has fewer disks, or a smaller one
 */
export function copyStorage(from: Storage, to: Storage, make: Maker): void {
  const disks = disksOf(to);
  const pairs = disksOf(from).map((source, index): [BlockDevice, BlockDevice] => {
    const disk = disks[index];
    if (disk === undefined)
      throw InputError.field(
        "storage",
        undefined,
        `it has only ${disks.length} disks, one for ${source.name} is missing`,
      );
    if (disk.size < source.size)
      throw InputError.field(
        "storage",
        undefined,
        `its disk ${disk.name} is smaller than ${source.name} of the source`,
      );
    return [source, disk];
  });
  clear(to);
  const machine_id = to.machineId;
  const ids = new Map<number, number>();
  const fresh = (id: number): number => {
    const made = make.id();
    ids.set(id, made);
    return made;
  };
  const mapped = (id: number | null): number | null => (id === null ? null : (ids.get(id) ?? null));
  for (const [source, disk] of pairs) {
    ids.set(source.id, disk.id);
    disk.partition_table = source.partition_table;
  }
  to.cacheSets = from.cacheSets.map((set) => ({ ...set, id: fresh(set.id), machine_id }));
  to.groups = from.groups.map((group) => ({ ...group, id: fresh(group.id), machine_id, uuid: make.uuid() }));
  for (const group of to.groups) group.cache_set_id = mapped(group.cache_set_id);
  for (const device of from.devices.filter((one) => !isPhysical(one)))
    to.devices.push({
      ...device,
      id: fresh(device.id),
      machine_id,
      group_id: mapped(device.group_id),
      uuid: device.uuid === null ? null : make.uuid(),
    });
  for (const partition of from.partitions)
    to.partitions.push({
      ...partition,
      id: fresh(partition.id),
      machine_id,
      device_id: mapped(partition.device_id) ?? partition.device_id,
      uuid: make.uuid(),
    });
  for (const filesystem of from.filesystems)
    to.filesystems.push({
      ...filesystem,
      id: fresh(filesystem.id),
      machine_id,
      device_id: mapped(filesystem.device_id),
      partition_id: mapped(filesystem.partition_id),
      group_id: mapped(filesystem.group_id),
      cache_set_id: mapped(filesystem.cache_set_id),
      uuid: make.uuid(),
    });
  to.bootDiskId = mapped(from.bootDiskId) ?? to.bootDiskId;
}
