import { InputError } from "../errors.ts";
import type { BlockDevice, Group, Storage } from "./model.ts";
import { isPhysical, madeBy, membersOf, partitionsOf } from "./model.ts";
import { betweenTables, groupSize, groupUsed } from "./sizes.ts";

/** Members an array must have at least (md(4)). */
export const leastMembers = { "raid-0": 2, "raid-1": 2, "raid-5": 3, "raid-6": 4, "raid-10": 3 } as const;

/**
 * After a change: gives the devices of arrays the size that follows from their members, the lowest first, and refuses
 * what then no longer fits. What it lets through is a configuration in which nothing overlaps or is oversubscribed, but
 * for disks that are said to be smaller: clients of MAAS say that first, and replace the partitions after. A machine with
 * such a disk cannot be deployed.
 *
 * @param before where it is known, the storage before the change
 * @throws InputError
 */
export function settle(storage: Storage, before?: Storage): void {
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
    const reason = overfull(storage, device);
    if (reason !== null && !mayBeOverfull(storage, device, before)) throw new InputError(`${reason}.`);
  }
}

/** A disk may be that is only described, and one whose partitions the change left as they were, or made less of. */
function mayBeOverfull(storage: Storage, device: BlockDevice, before: Storage | undefined): boolean {
  if (!isPhysical(device) || !device.found) return isPhysical(device);
  return before !== undefined && takenOf(storage, device) <= takenOf(before, device);
}

const takenOf = (storage: Storage, device: BlockDevice): number =>
  partitionsOf(storage, device).reduce((sum, { size }) => sum + size, 0);

/** Says that the partitions of a device have more than there is of it; null where they fit. */
export function overfull(storage: Storage, device: BlockDevice): string | null {
  const partitions = partitionsOf(storage, device);
  const taken = takenOf(storage, device);
  if (partitions.length === 0 || taken <= betweenTables(device)) return null;
  return `The partitions of ${device.name} do not fit on it: they have ${taken} bytes of ${device.size}`;
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
