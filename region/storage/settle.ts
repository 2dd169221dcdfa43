import { InputError } from "../errors.ts";
import type { Group, Storage } from "./model.ts";
import { madeBy, membersOf, partitionsOf } from "./model.ts";
import { betweenTables, groupSize, groupUsed } from "./sizes.ts";

/** Members an array must have at least (md(4)). */
export const leastMembers = { "raid-0": 2, "raid-1": 2, "raid-5": 3, "raid-6": 4, "raid-10": 3 } as const;

/**
 * After a change: gives the devices of arrays the size that follows from their members, the lowest first, and refuses
 * what then no longer fits. What it lets through is a configuration in which nothing overlaps or is oversubscribed.
 *
 * @throws InputError
 */
export function settle(storage: Storage): void {
  const done = new Set<Group>();
  const visit = (group: Group): void => {
    if (done.has(group)) return;
    done.add(group);
    for (const { device } of membersOf(storage, group)) {
      const below = storage.groups.find(({ id }) => id === device.group_id);
      if (below !== undefined) visit(below);
    }
    if (group.kind === "lvm" || group.kind === "vmfs6") return;
    for (const device of madeBy(storage, group)) device.size = groupSize(storage, group);
  };
  for (const group of storage.groups) visit(group);
  for (const group of storage.groups) requireMembers(storage, group);
  for (const device of storage.devices) {
    const partitions = partitionsOf(storage, device);
    const taken = partitions.reduce((sum, { size }) => sum + size, 0);
    if (partitions.length > 0 && taken > betweenTables(device))
      throw new InputError(
        `The partitions of ${device.name} do not fit on it: they have ${taken} bytes of ${device.size}.`,
      );
  }
}

function requireMembers(storage: Storage, group: Group): void {
  const members = membersOf(storage, group);
  if (members.length === 0) throw new InputError(`${group.name} must have a device or partition.`);
  if (group.kind !== "lvm" && group.kind !== "bcache" && group.kind !== "vmfs6")
    requireActive(storage, group, group.kind);
  const size = groupSize(storage, group);
  if (size <= 0) throw new InputError(`The members of ${group.name} are too small to hold anything.`);
  if (!Number.isSafeInteger(size)) throw new InputError(`The members of ${group.name} are too large together.`);
  if (group.kind === "lvm") {
    const used = groupUsed(storage, group);
    if (used > size)
      throw new InputError(`The logical volumes of ${group.name} have ${used} bytes, more than its ${size}.`);
  }
}

function requireActive(storage: Storage, group: Group, level: keyof typeof leastMembers): void {
  const members = membersOf(storage, group);
  const active = members.filter(({ filesystem }) => filesystem.fstype === "raid").length;
  const least = leastMembers[level];
  if (active < least)
    throw new InputError(`${level} needs at least ${least} active devices; ${group.name} has ${active}.`);
  if (level === "raid-0" && members.length > active) throw new InputError("raid-0 has no spare devices.");
}
