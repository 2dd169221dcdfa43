import { InputError } from "../errors.ts";
import type { Storage } from "./model.ts";

const plain = /^[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,126}$/;

/**
 * Refuses what cannot be a device's or group's name: LVM's rules (lvm(8), "valid names") hold for all of them.
 *
 * @throws InputError
 */
export function requireName(field: string, name: string): void {
  if (!plain.test(name) || name === "." || name === "..")
    throw InputError.field(
      field,
      name,
      "must be 1 to 127 of letters, digits, '_', '+', '.' and '-', not beginning with '-'",
    );
}

/**
 * Refuses the name of another device or group of the machine. An array and the device it makes have one name: `own` is
 * the group then.
 *
 * @throws InputError
 */
export function requireFreeName(
  storage: Storage,
  name: string,
  own: { id: number; group_id?: number | null } | null,
): void {
  const others = [
    ...storage.devices.filter(({ id, group_id }) => id !== own?.id && group_id !== own?.id),
    ...storage.groups.filter(({ id }) => id !== own?.id && id !== own?.group_id),
  ];
  if (others.some((one) => one.name === name))
    throw InputError.field("name", name, "must not be the name of another device or group of this machine");
}

/** The first of `md0`, `md1` … that no device and no group has. */
export function nextName(storage: Storage, prefix: string): string {
  const taken = new Set([...storage.devices, ...storage.groups, ...storage.cacheSets].map(({ name }) => name));
  for (let number = 0; ; number += 1) if (!taken.has(prefix + number)) return prefix + number;
}

/** Takes a UUID as it is given, in lower case. @throws InputError */
export function givenUuid(uuid: string): string {
  const lower = uuid.toLowerCase();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower))
    throw InputError.field("uuid", uuid, "must be a UUID such as 6ba7b810-9dad-41d1-80b4-00c04fd430c8");
  return lower;
}

/** Refuses what cannot be a tag. @throws InputError */
export function requireTag(tag: string): void {
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(tag))
    throw InputError.field("tag", tag, "must be 1 to 256 of letters, digits, '_' and '-'");
}
