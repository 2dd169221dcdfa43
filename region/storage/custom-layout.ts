import { z } from "zod";
import { InputError } from "../errors.ts";
import { clear } from "./layouts.ts";
import { format, mount, mountSpecial } from "./filesystems.ts";
import { createBcache, createCacheSet, createLogicalVolume, createRaid, createVolumeGroup } from "./groups.ts";
import { type Maker, type Place, type Storage, isPhysical, madeBy, membersOf } from "./model.ts";
import { requirePartitionable, addPartition } from "./partitions.ts";
import { settle } from "./settle.ts";
import { groupSize } from "./sizes.ts";

const name = z.string().min(1).max(127);
const fs = z.string().max(32);
const powers = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 } as const;
const powerOf = (suffix: string): number =>
  Object.entries(powers).find(([unit]) => unit === suffix.toLowerCase())?.[1] ?? 0;
/** Bytes as a number, or with a suffix in powers of 1000: `20G`. */
export const decimalSize = z
  .union([z.int().positive(), z.string().regex(/^\d{1,15}(\.\d{1,6})?[KMGTPkmgtp]?B?$/, "must be a size such as 20G")])
  .transform((given) => {
    if (typeof given === "number") return given;
    const [, digits = "", suffix = ""] = /^([\d.]+)([A-Za-z]?)/.exec(given) ?? [];
    return Math.floor(Number(digits) * 1000 ** (suffix.toLowerCase() === "b" ? 0 : powerOf(suffix)));
  })
  .pipe(z.int().positive());

const names = z.array(name).max(128);
const entry = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("disk"),
    ptable: z.enum(["gpt", "mbr"]).optional(),
    boot: z.boolean().default(false),
    partitions: z
      .array(
        z.strictObject({ name, size: decimalSize.optional(), bootable: z.boolean().default(false), fs: fs.optional() }),
      )
      .max(128)
      .default([]),
    fs: fs.optional(),
  }),
  z.strictObject({
    type: z.literal("raid"),
    level: z.union([z.literal(0), z.literal(1), z.literal(5), z.literal(6), z.literal(10)]),
    members: names.min(1),
    spares: names.default([]),
    fs: fs.optional(),
  }),
  z.strictObject({
    type: z.literal("lvm"),
    members: names.min(1),
    volumes: z
      .array(z.strictObject({ name, size: decimalSize.optional(), fs: fs.optional() }))
      .max(256)
      .default([]),
  }),
  z.strictObject({
    type: z.literal("bcache"),
    "backing-device": name,
    "cache-device": name,
    "cache-mode": z.enum(["writeback", "writethrough", "writearound"]).default("writethrough"),
    fs: fs.optional(),
  }),
  z.strictObject({ type: z.literal("special"), fs }),
]);
type Entry = z.output<typeof entry>;

/** The document of a custom layout, in the form MAAS has for it. */
export const customLayout = z.strictObject({
  layout: z.record(name, entry).refine((all) => Object.keys(all).length <= 1000, "must have at most 1000 entries"),
  mounts: z
    .record(z.string().max(255), z.strictObject({ device: name, options: z.string().max(255).optional() }))
    .refine((all) => Object.keys(all).length <= 1000, "must have at most 1000 mounts")
    .default({}),
});
export type CustomLayout = z.output<typeof customLayout>;

/**
 * Replaces the whole configuration by one that is written down. Entries may name each other in any order.
 *
 * @throws InputError naming the entry that cannot be made
 */
export function applyCustom(storage: Storage, make: Maker, { layout, mounts }: CustomLayout): void {
  clear(storage);
  const places = new Map<string, Place>();
  for (const device of storage.devices) places.set(device.name, { device, partition: null });
  const specials = new Map<string, string>();
  let waiting = Object.entries(layout);
  for (const [disk, one] of waiting)
    if (one.type === "disk" && one.boot) storage.bootDiskId = named(places, disk, disk).device.id;
  while (waiting.length > 0) {
    const rest = waiting.filter(([entryName, one]) => {
      if (!needs(one).every((other) => places.has(other))) return true;
      if (one.type === "special") specials.set(entryName, one.fs);
      else addEntry(storage, make, places, entryName, one);
      return false;
    });
    const [stuck] = rest;
    if (stuck !== undefined && rest.length === waiting.length)
      throw problem(
        stuck[0],
        `names what is not there: ${needs(stuck[1])
          .filter((other) => !places.has(other))
          .join(", ")}`,
      );
    waiting = rest;
  }
  for (const [path, { device, options }] of Object.entries(mounts)) {
    const wish = { mount_point: path, mount_options: options };
    const special = specials.get(device);
    if (special !== undefined) mountSpecial(storage, make, { ...wish, fstype: special });
    else mount(storage, named(places, device, path), wish);
  }
}

const problem = (where: string, allowed: string): InputError =>
  InputError.field(`custom.layout.${where}`, where, allowed);

function named(places: ReadonlyMap<string, Place>, wanted: string, where: string): Place {
  const place = places.get(wanted);
  if (place === undefined) throw problem(where, `names ${wanted}, which is neither a disk of the machine nor an entry`);
  return place;
}

/** What must be there before an entry can be made. */
function needs(one: Entry): string[] {
  if (one.type === "raid") return [...one.members, ...one.spares];
  if (one.type === "lvm") return one.members;
  return one.type === "bcache" ? [one["backing-device"], one["cache-device"]] : [];
}

type Made = Exclude<Entry, { type: "special" }>;

function addEntry(storage: Storage, make: Maker, places: Map<string, Place>, entryName: string, one: Made): void {
  const all = (list: readonly string[]): Place[] => list.map((other) => named(places, other, entryName));
  const put = (key: string, place: Place, type: string | undefined): void => {
    if (places.has(key) && key !== entryName) throw problem(key, "must be named once");
    places.set(key, place);
    if (type !== undefined) format(storage, make, place, { fstype: type });
  };
  if (one.type === "disk") return addDisk(storage, make, places, entryName, one, put);
  if (places.has(entryName)) throw problem(entryName, "must not be the name of a disk or of another entry");
  if (one.type === "lvm") {
    const group = createVolumeGroup(storage, make, { name: entryName, members: all(one.members) });
    for (const volume of one.volumes) {
      const device = createLogicalVolume(storage, make, group, volume);
      put(volume.name, { device, partition: null }, volume.fs);
    }
    return;
  }
  const group =
    one.type === "raid"
      ? createRaid(storage, make, {
          name: entryName,
          level: `raid-${one.level}`,
          members: all(one.members),
          spares: all(one.spares),
        })
      : createBcache(storage, make, {
          name: entryName,
          backing: named(places, one["backing-device"], entryName),
          set: cacheSetOn(storage, make, named(places, one["cache-device"], entryName)),
          mode: one["cache-mode"],
        });
  settle(storage);
  const [device] = madeBy(storage, group);
  if (device === undefined || groupSize(storage, group) <= 0) throw problem(entryName, "has no room");
  put(entryName, { device, partition: null }, one.fs);
}

/** Several bcaches may name one cache device: they share its cache set. */
function cacheSetOn(storage: Storage, make: Maker, place: Place) {
  const same = storage.cacheSets.find((set) =>
    membersOf(storage, set).some(({ device, partition }) => device === place.device && partition === place.partition),
  );
  return same ?? createCacheSet(storage, make, place);
}

function addDisk(
  storage: Storage,
  make: Maker,
  places: Map<string, Place>,
  diskName: string,
  disk: Extract<Entry, { type: "disk" }>,
  put: (key: string, place: Place, type: string | undefined) => void,
): void {
  const place = named(places, diskName, diskName);
  if (!isPhysical(place.device)) throw problem(diskName, "must be a disk of the machine");
  if (disk.fs !== undefined && disk.partitions.length > 0)
    throw problem(diskName, "has partitions or a filesystem, not both");
  if (disk.partitions.length > 0 || disk.ptable !== undefined) {
    requirePartitionable(storage, place.device);
    place.device.partition_table = disk.ptable === "mbr" ? "MBR" : "GPT";
  }
  for (const { name: key, size, bootable, fs: type } of disk.partitions) {
    if (places.has(key)) throw problem(key, "must be named once");
    put(key, { device: place.device, partition: addPartition(storage, make, place.device, { size, bootable }) }, type);
  }
  if (disk.fs !== undefined) format(storage, make, place, { fstype: disk.fs });
}
