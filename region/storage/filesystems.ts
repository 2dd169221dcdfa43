import { InputError } from "../errors.ts";
import type { Filesystem, Maker, Place, Storage } from "./model.ts";
import { filesystemOf, isMember, placeName, placeOf, specialTypes } from "./model.ts";
import { givenUuid } from "./names.ts";

/** What a device or partition can be formatted with. */
export const filesystemTypes = [
  "ext2",
  "ext4",
  "xfs",
  "fat32",
  "vfat",
  "swap",
  "ramfs",
  "tmpfs",
  "btrfs",
  "zfsroot",
] as const;
export type FilesystemType = (typeof filesystemTypes)[number];

/** How long the label of a filesystem can be, as its mkfs has it; others take 255 characters. */
const labelLengths: Readonly<Record<string, number>> = { ext2: 16, ext4: 16, xfs: 12, fat32: 11, vfat: 11, swap: 15 };

export type FormatWish = { fstype: string; uuid?: string | undefined; label?: string | undefined };
export type MountWish = { mount_point: string; mount_options?: string | undefined };

/** What a new filesystem is before it is mounted or a member of something. */
export function newFilesystem(storage: Storage, make: Maker, place: Place | null, fstype: string): Filesystem {
  const filesystem: Filesystem = {
    id: make.id(),
    machine_id: storage.machineId,
    device_id: place !== null && place.partition === null ? place.device.id : null,
    partition_id: place?.partition?.id ?? null,
    fstype,
    label: null,
    uuid: make.uuid(),
    mount_point: null,
    mount_options: null,
    group_id: null,
    cache_set_id: null,
  };
  storage.filesystems.push(filesystem);
  return filesystem;
}

/**
 * Puts a filesystem on a device or partition, in place of the one there is, which is mounted nowhere then.
 *
 * @throws InputError
 */
export function format(storage: Storage, make: Maker, place: Place, wish: FormatWish): Filesystem {
  const fstype = filesystemTypes.find((one) => one === wish.fstype);
  if (fstype === undefined)
    throw InputError.field("fstype", wish.fstype, `must be one of ${filesystemTypes.join(", ")}`);
  const longest = labelLengths[fstype] ?? 255;
  // oxlint-disable-next-line no-control-regex
  if (wish.label !== undefined && (wish.label.length > longest || /[\u0000-\u001f\u007f]/.test(wish.label)))
    throw InputError.field("label", wish.label, `must have at most ${longest} characters for ${fstype}`);
  const uuid = wish.uuid === undefined || wish.uuid === "" ? null : givenUuid(wish.uuid);
  const name = placeName(place);
  if (place.partition === null && place.device.partition_table !== null)
    throw new InputError(`${name} cannot be formatted, it is partitioned: format its partitions.`);
  const old = filesystemOf(storage, place);
  if (old !== undefined && isMember(old))
    throw new InputError(`${name} cannot be formatted, it is a member of something else.`);
  storage.filesystems = storage.filesystems.filter((one) => one !== old);
  const filesystem = newFilesystem(storage, make, place, fstype);
  filesystem.label = wish.label === undefined || wish.label === "" ? null : wish.label;
  if (uuid !== null) filesystem.uuid = uuid;
  return filesystem;
}

/** The filesystem of a place, where it has one of its own. @throws InputError */
function ownFilesystem(storage: Storage, place: Place): Filesystem {
  const filesystem = filesystemOf(storage, place);
  if (filesystem === undefined || isMember(filesystem))
    throw new InputError(`${placeName(place)} is not formatted with a filesystem.`);
  return filesystem;
}

/** Takes the filesystem off a device or partition. @throws InputError where there is none or it is mounted */
export function unformat(storage: Storage, place: Place): void {
  const filesystem = ownFilesystem(storage, place);
  if (filesystem.mount_point !== null)
    throw new InputError(
      `The filesystem on ${placeName(place)} is mounted at ${filesystem.mount_point}: unmount it first.`,
    );
  storage.filesystems = storage.filesystems.filter((one) => one !== filesystem);
}

/** Says where a filesystem is mounted in the installed system. Swap is on no path. @throws InputError */
export function mount(storage: Storage, place: Place, wish: MountWish): void {
  const filesystem = ownFilesystem(storage, place);
  if (filesystem.mount_point !== null)
    throw InputError.field(
      "mount_point",
      wish.mount_point,
      `cannot be set: the filesystem is mounted at ${filesystem.mount_point} already, unmount it first`,
    );
  const mount_options = options(wish.mount_options);
  filesystem.mount_point = filesystem.fstype === "swap" ? "none" : freePath(storage, wish.mount_point);
  filesystem.mount_options = mount_options;
}

/** @throws InputError where the place has no filesystem or it is not mounted */
export function unmount(storage: Storage, place: Place): void {
  const filesystem = ownFilesystem(storage, place);
  if (filesystem.mount_point === null) throw new InputError(`The filesystem on ${placeName(place)} is not mounted.`);
  filesystem.mount_point = null;
  filesystem.mount_options = null;
}

/** Mounts a filesystem that is in memory. @throws InputError */
export function mountSpecial(storage: Storage, make: Maker, wish: MountWish & { fstype: string }): void {
  const fstype = specialTypes.find((one) => one === wish.fstype);
  if (fstype === undefined) throw InputError.field("fstype", wish.fstype, `must be one of ${specialTypes.join(", ")}`);
  const mount_options = options(wish.mount_options);
  const mount_point = freePath(storage, wish.mount_point);
  Object.assign(newFilesystem(storage, make, null, fstype), { mount_point, mount_options });
}

/** @throws InputError where no special filesystem is mounted there */
export function unmountSpecial(storage: Storage, mountPoint: string): void {
  const special = storage.filesystems.find((one) => one.mount_point === mountPoint && placeOf(storage, one) === null);
  if (special === undefined)
    throw InputError.field("mount_point", mountPoint, "must be where a special filesystem is mounted");
  storage.filesystems = storage.filesystems.filter((one) => one !== special);
}

/** A path nothing is mounted at yet. It is written to fstab and made below the new system's root. */
function freePath(storage: Storage, path: string): string {
  const parts = path.split("/").slice(1);
  const fine = path.startsWith("/") && path.length <= 255 && /^[\x21-\x5b\x5d-\x7e\u00a0-\uffff]+$/.test(path);
  if (!fine || (path !== "/" && parts.some((part) => ["", ".", ".."].includes(part))))
    throw InputError.field(
      "mount_point",
      path,
      "must be an absolute path without spaces, backslashes, '.' and '..', such as /srv",
    );
  const other = storage.filesystems.find((one) => one.mount_point === path);
  if (other !== undefined) throw InputError.field("mount_point", path, "is taken: another filesystem is mounted there");
  return path;
}

function options(given: string | undefined): string | null {
  if (given === undefined || given === "") return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(given))
    throw InputError.field("mount_options", given, "must be words with commas between and no spaces, as in fstab");
  return given;
}
