import { InputError } from "../errors.ts";
import type { BlockDevice, CacheSet, Group, Maker, Place, Storage } from "./model.ts";
import { filesystemOf, madeBy, membersOf } from "./model.ts";
import { addMember, deleteGroup, dropDevice, groupsBelow, removeMember } from "./members.ts";
import { givenUuid, nextName, requireFreeName, requireName } from "./names.ts";
import { addPartition } from "./partitions.ts";
import { alignDown, grain, groupSize, groupUsed } from "./sizes.ts";

type Named = { name?: string | undefined; uuid?: string | undefined };

/** Makes a group without members and devices. */
function newGroup(
  storage: Storage,
  make: Maker,
  kind: Group["kind"],
  { name, uuid }: Named & { name: string },
  cache: { mode: Group["cache_mode"]; set: CacheSet } | null = null,
): Group {
  requireName("name", name);
  requireFreeName(storage, name, null);
  const group: Group = {
    id: make.id(),
    machine_id: storage.machineId,
    kind,
    name,
    uuid: uuid === undefined || uuid === "" ? make.uuid() : givenUuid(uuid),
    cache_mode: cache?.mode ?? null,
    cache_set_id: cache?.set.id ?? null,
  };
  storage.groups.push(group);
  return group;
}

/** The device of an array or a logical volume. */
function newDevice(storage: Storage, make: Maker, group: Group, name: string, size: number, uuid: string): BlockDevice {
  const members = membersOf(storage, group);
  const device: BlockDevice = {
    id: make.id(),
    machine_id: storage.machineId,
    name,
    size,
    block_size: Math.max(512, ...members.map(({ device: below }) => below.block_size)),
    tags: [],
    partition_table: null,
    model: null,
    serial: null,
    id_path: null,
    firmware_version: null,
    numa_node: null,
    found: false,
    group_id: group.id,
    uuid,
  };
  storage.devices.push(device);
  return device;
}

/** Changes name and UUID of a group, and the names of the devices it makes with it. */
function rename(storage: Storage, group: Group, { name, uuid }: Named): void {
  if (uuid !== undefined && uuid !== "") group.uuid = givenUuid(uuid);
  if (name === undefined || name === group.name) return;
  requireName("name", name);
  requireFreeName(storage, name, group);
  const before = group.name;
  group.name = name;
  for (const device of madeBy(storage, group)) {
    const next = group.kind === "lvm" ? name + device.name.slice(before.length) : name;
    requireFreeName(storage, next, group.kind === "lvm" ? device : group);
    device.name = next;
  }
}

export type VolumeGroupWish = Named & { name: string; members: readonly Place[] };
export type VolumeGroupChange = Named & { add: readonly Place[]; remove: readonly Place[] };

/** Makes a volume group of unused devices and partitions. @throws InputError */
export function createVolumeGroup(storage: Storage, make: Maker, wish: VolumeGroupWish): Group {
  const group = newGroup(storage, make, "lvm", wish);
  if (wish.members.length === 0) throw new InputError("A volume group needs at least one block device or partition.");
  for (const place of wish.members) addMember(storage, make, { group }, place, "lvm-pv", fieldOf(place));
  return group;
}

/** @throws InputError */
export function updateVolumeGroup(storage: Storage, make: Maker, group: Group, change: VolumeGroupChange): void {
  rename(storage, group, change);
  for (const place of change.add) addMember(storage, make, { group }, place, "lvm-pv", `add_${fieldOf(place)}`);
  for (const place of change.remove) removeMember(storage, group, place, ["lvm-pv"], `remove_${fieldOf(place)}`);
}

const fieldOf = ({ partition }: Place): string => (partition === null ? "block_devices" : "partitions");

/** @throws InputError while it has logical volumes */
export function deleteVolumeGroup(storage: Storage, group: Group): void {
  const volumes = madeBy(storage, group).map(({ name }) => name);
  if (volumes.length > 0)
    throw new InputError(`${group.name} has logical volumes, delete them first: ${volumes.slice(0, 10).join(", ")}.`);
  deleteGroup(storage, group);
}

/** Makes a logical volume, of all that is free where no size is given. @throws InputError */
export function createLogicalVolume(
  storage: Storage,
  make: Maker,
  group: Group,
  { name, uuid, size }: Named & { name: string; size?: number | undefined },
): BlockDevice {
  requireName("name", name);
  const full = `${group.name}-${name}`;
  requireFreeName(storage, full, null);
  const room = groupSize(storage, group) - groupUsed(storage, group);
  const rounded = size === undefined ? room : alignDown(size);
  requireVolumeSize(size, rounded, room, group);
  const given = uuid === undefined || uuid === "" ? make.uuid() : givenUuid(uuid);
  return newDevice(storage, make, group, full, rounded, given);
}

function requireVolumeSize(given: number | undefined, size: number, room: number, group: Group): void {
  if (room < grain) throw InputError.field("size", given, `cannot be met: ${group.name} has no 4 MiB left`);
  if (size < grain) throw InputError.field("size", given, `must be at least ${grain} bytes`);
  if (size > room)
    throw InputError.field("size", given, `must be at most ${room} bytes, what is free in ${group.name}`);
}

/** Gives a logical volume another size. @throws InputError */
export function resizeLogicalVolume(storage: Storage, group: Group, volume: BlockDevice, size: number): void {
  const room = groupSize(storage, group) - groupUsed(storage, group) + volume.size;
  const rounded = alignDown(size);
  requireVolumeSize(size, rounded, room, group);
  volume.size = rounded;
}

/** @throws InputError where something is built upon the volume */
export function deleteLogicalVolume(storage: Storage, volume: BlockDevice): void {
  dropDevice(storage, volume);
}

export const raidLevels = ["raid-0", "raid-1", "raid-5", "raid-6", "raid-10"] as const;
export type RaidLevel = (typeof raidLevels)[number];
export type RaidWish = Named & { level: RaidLevel; members: readonly Place[]; spares: readonly Place[] };
export type RaidChange = Named & Record<"add" | "remove" | "addSpares" | "removeSpares", readonly Place[]>;
const spareField = ({ partition }: Place): string => (partition === null ? "spare_devices" : "spare_partitions");

/** Makes a RAID and its device; `settle` refuses too few members. @throws InputError */
export function createRaid(storage: Storage, make: Maker, wish: RaidWish): Group {
  const group = newGroup(storage, make, wish.level, { ...wish, name: wish.name || nextName(storage, "md") });
  for (const place of wish.members) addMember(storage, make, { group }, place, "raid", fieldOf(place));
  for (const place of wish.spares) addMember(storage, make, { group }, place, "raid-spare", spareField(place));
  newDevice(storage, make, group, group.name, 0, group.uuid);
  return group;
}

/** @throws InputError */
export function updateRaid(storage: Storage, make: Maker, group: Group, change: RaidChange): void {
  rename(storage, group, change);
  for (const place of change.add) addMember(storage, make, { group }, place, "raid", `add_${fieldOf(place)}`);
  for (const place of change.addSpares)
    addMember(storage, make, { group }, place, "raid-spare", `add_${spareField(place)}`);
  // As MAAS does it, either list takes out active members and spares alike.
  for (const place of [...change.remove, ...change.removeSpares])
    removeMember(storage, group, place, ["raid", "raid-spare"], `remove_${fieldOf(place)}`);
  for (const device of madeBy(storage, group)) device.uuid = group.uuid;
}

export type BcacheWish = Named & { set: CacheSet; backing: Place; mode: NonNullable<Group["cache_mode"]> };
export type BcacheChange = Named & Partial<Pick<BcacheWish, "set" | "backing" | "mode">>;

/** Makes a bcache and its device. @throws InputError */
export function createBcache(storage: Storage, make: Maker, wish: BcacheWish): Group {
  const named = { ...wish, name: wish.name || nextName(storage, "bcache") };
  const group = newGroup(storage, make, "bcache", named, { mode: wish.mode, set: wish.set });
  addMember(storage, make, { group }, wish.backing, "bcache-backing", backingField(wish.backing));
  newDevice(storage, make, group, group.name, 0, group.uuid);
  return group;
}

const backingField = ({ partition }: Place): string => (partition === null ? "backing_device" : "backing_partition");

/** @throws InputError */
export function updateBcache(storage: Storage, make: Maker, group: Group, change: BcacheChange): void {
  rename(storage, group, change);
  if (change.mode !== undefined) group.cache_mode = change.mode;
  if (change.set !== undefined) group.cache_set_id = change.set.id;
  if (change.backing !== undefined) {
    const { backing } = change;
    const kept = storage.filesystems.find((one) => one.group_id === group.id);
    if (filesystemOf(storage, backing) !== kept) {
      storage.filesystems = storage.filesystems.filter((one) => one !== kept);
      addMember(storage, make, { group }, backing, "bcache-backing", backingField(backing));
    }
  }
  const set = storage.cacheSets.find(({ id }) => id === group.cache_set_id);
  const member = set === undefined ? undefined : membersOf(storage, set)[0];
  if (member !== undefined && groupsBelow(storage, member).has(group.id))
    throw InputError.field("cache_set", set?.name, `must not be built upon ${group.name} itself`);
  for (const device of madeBy(storage, group)) device.uuid = group.uuid;
}

/** Makes a cache set of one unused device or partition. @throws InputError */
export function createCacheSet(storage: Storage, make: Maker, place: Place): CacheSet {
  const set = { id: make.id(), machine_id: storage.machineId, name: nextName(storage, "cache") };
  storage.cacheSets.push(set);
  addMember(storage, make, { set }, place, "bcache-cache", cacheField(place));
  return set;
}

const cacheField = ({ partition }: Place): string => (partition === null ? "cache_device" : "cache_partition");

/** Puts a cache set on another device or partition. @throws InputError */
export function updateCacheSet(storage: Storage, make: Maker, set: CacheSet, place: Place): void {
  const [member] = membersOf(storage, set);
  if (member?.device === place.device && member.partition === place.partition) return;
  storage.filesystems = storage.filesystems.filter((one) => one.cache_set_id !== set.id);
  addMember(storage, make, { set }, place, "bcache-cache", cacheField(place));
}

/** @throws InputError while a bcache uses it */
export function deleteCacheSet(storage: Storage, set: CacheSet): void {
  const user = storage.groups.find((one) => one.cache_set_id === set.id);
  if (user !== undefined) throw new InputError(`${set.name} cannot be deleted, ${user.name} uses it.`);
  storage.filesystems = storage.filesystems.filter((one) => one.cache_set_id !== set.id);
  storage.cacheSets = storage.cacheSets.filter((one) => one !== set);
}

/** Makes a VMFS datastore; of whole devices a partition over all of them is taken. @throws InputError */
export function createDatastore(storage: Storage, make: Maker, wish: VolumeGroupWish): Group {
  const group = newGroup(storage, make, "vmfs6", wish);
  if (wish.members.length === 0) throw new InputError("A VMFS datastore needs at least one block device or partition.");
  addExtents(storage, make, group, wish.members, "");
  return group;
}

/** @throws InputError */
export function updateDatastore(storage: Storage, make: Maker, group: Group, change: VolumeGroupChange): void {
  rename(storage, group, change);
  addExtents(storage, make, group, change.add, "add_");
  for (const place of change.remove) removeMember(storage, group, place, ["vmfs6"], `remove_${fieldOf(place)}`);
}

function addExtents(storage: Storage, make: Maker, group: Group, places: readonly Place[], prefix: string): void {
  for (const place of places) {
    const extent = place.partition === null ? wholePartition(storage, make, place.device, prefix) : place;
    addMember(storage, make, { group }, extent, "vmfs6", prefix + fieldOf(place));
  }
}

function wholePartition(storage: Storage, make: Maker, device: BlockDevice, prefix: string): Place {
  if (device.partition_table !== null)
    throw InputError.field(`${prefix}block_devices`, device.name, "must be unused; it is partitioned");
  return { device, partition: addPartition(storage, make, device, {}) };
}
