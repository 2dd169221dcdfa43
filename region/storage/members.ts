import { InputError } from "../errors.ts";
import { newFilesystem } from "./filesystems.ts";
import type { CacheSet, Filesystem, Group, Maker, Place, Storage } from "./model.ts";
import { bootDisk, filesystemOf, membersOf, placeName } from "./model.ts";
import { addPartition } from "./partitions.ts";

/** Groups a device is built upon, through any number of others. */
export function groupsBelow(storage: Storage, { device }: Place): Set<number> {
  const below = new Set<number>();
  const visit = (id: number | null): void => {
    if (id === null || below.has(id)) return;
    below.add(id);
    const group = storage.groups.find((one) => one.id === id);
    if (group === undefined) return;
    const set = storage.cacheSets.find((one) => one.id === group.cache_set_id);
    for (const member of [...membersOf(storage, group), ...(set ? membersOf(storage, set) : [])])
      visit(member.device.group_id);
  };
  visit(device.group_id);
  return below;
}

/**
 * Makes a device or partition a member of a group or cache set. Of the boot disk, which needs its table for the boot
 * loader, a partition over all its free room is taken.
 *
 * @throws InputError where it is used for anything else, or built upon the group itself
 */
export function addMember(
  storage: Storage,
  make: Maker,
  to: { group: Group } | { set: CacheSet },
  place: Place,
  fstype: string,
  field: string,
): Filesystem {
  const name = placeName(place);
  const refuse = (why: string) => InputError.field(field, name, why);
  if (filesystemOf(storage, place) !== undefined)
    throw refuse(`must be unused; ${name} has a filesystem or a group has it`);
  const whole = place.partition === null;
  if (whole && place.device.partition_table !== null) throw refuse(`must be unused; ${name} is partitioned`);
  const below = groupsBelow(storage, place);
  const above = "group" in to ? [to.group] : storage.groups.filter((one) => one.cache_set_id === to.set.id);
  if (above.some(({ id }) => below.has(id))) throw refuse(`must not be built upon what it becomes a part of`);
  const boots = whole && bootDisk(storage) === place.device && fstype !== "vmfs6";
  const used = boots ? { device: place.device, partition: addPartition(storage, make, place.device, {}) } : place;
  const filesystem = newFilesystem(storage, make, used, fstype);
  if ("group" in to) filesystem.group_id = to.group.id;
  else filesystem.cache_set_id = to.set.id;
  return filesystem;
}

/** Takes a member out of its group. @throws InputError where it is none of the given types */
export function removeMember(
  storage: Storage,
  group: Group,
  place: Place,
  fstypes: readonly string[],
  field: string,
): void {
  const filesystem = filesystemOf(storage, place);
  if (filesystem === undefined || filesystem.group_id !== group.id || !fstypes.includes(filesystem.fstype))
    throw InputError.field(field, placeName(place), `must be such a member of ${group.name}`);
  storage.filesystems = storage.filesystems.filter((one) => one !== filesystem);
}

/** Takes a group away with the devices it made and what is on them. @throws InputError where something else uses these */
export function deleteGroup(storage: Storage, group: Group): void {
  for (const device of storage.devices.filter((one) => one.group_id === group.id)) dropDevice(storage, device);
  storage.filesystems = storage.filesystems.filter((one) => one.group_id !== group.id);
  storage.groups = storage.groups.filter((one) => one !== group);
}

/** Takes a device away with its partitions and filesystems. @throws InputError where something is built upon it */
export function dropDevice(storage: Storage, device: Storage["devices"][number]): void {
  const partitions = storage.partitions.filter((one) => one.device_id === device.id);
  const ids = new Set(partitions.map(({ id }) => id));
  const on = storage.filesystems.filter(
    (one) => one.device_id === device.id || (one.partition_id !== null && ids.has(one.partition_id)),
  );
  const member = on.find((one) => one.group_id !== null || one.cache_set_id !== null);
  if (member !== undefined) {
    const of = [...storage.groups, ...storage.cacheSets].find(
      ({ id }) => id === member.group_id || id === member.cache_set_id,
    );
    throw new InputError(`${device.name} cannot be deleted, ${of?.name ?? "something else"} is built upon it.`);
  }
  storage.filesystems = storage.filesystems.filter((one) => !on.includes(one));
  storage.partitions = storage.partitions.filter((one) => !ids.has(one.id));
  storage.devices = storage.devices.filter((one) => one !== device);
  if (storage.bootDiskId === device.id) storage.bootDiskId = null;
}
