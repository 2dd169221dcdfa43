import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InputError } from "../errors.ts";
import * as devices from "./devices.ts";
import * as filesystems from "./filesystems.ts";
import * as groups from "./groups.ts";
import { type LayoutName, applyLayout, layoutNames } from "./layouts.ts";
import { deleteGroup } from "./members.ts";
import { familyOf } from "./find.ts";
import type { Maker, Place, Storage } from "./model.ts";
import { usedFor } from "./describe.ts";
import { bootDisk, filesystemOf, madeBy, membersOf, partitionsOf } from "./model.ts";
import { addPartition, deletePartition } from "./partitions.ts";
import { settle } from "./settle.ts";
import { availableSize, groupSize, groupUsed, mebibyte, usedSize } from "./sizes.ts";
import { testDisk, testInventory, testMaker, testStorage } from "./testing.ts";

/** One operation; the numbers choose what it is about. */
type Step = { what: number; a: number; b: number; c: number; size: number };
type Operation = (storage: Storage, make: Maker, step: Step) => void;

const pick = <T>(list: readonly T[], number: number): T => {
  const one = list[number % list.length];
  if (one === undefined) throw new InputError("there is none");
  return one;
};
const places = (storage: Storage): Place[] =>
  storage.devices.flatMap((device): Place[] => [
    { device, partition: null },
    ...partitionsOf(storage, device).map((partition) => ({ device, partition })),
  ]);
const group = (storage: Storage, family: string, number: number) =>
  pick(
    storage.groups.filter((one) => familyOf(one) === family),
    number,
  );
/** Up to three places; mostly such as are free, since others are refused. */
const some = (storage: Storage, { a, b, c }: Step): Place[] => {
  const every = places(storage);
  const all = a % 5 === 0 ? every : every.filter((place) => usedFor(storage, place) === "Unused");
  return [...new Set([pick(all, a), pick(all, b), pick(all, c)])];
};
const formatted = (storage: Storage, mounted: boolean): Place[] =>
  places(storage).filter((place) => {
    const filesystem = filesystemOf(storage, place);
    return filesystem !== undefined && (filesystem.mount_point !== null) === mounted;
  });
const modes = ["writeback", "writethrough", "writearound"] as const;

const operations: readonly Operation[] = [
  (storage, make, { a, size }) => void addPartition(storage, make, pick(storage.devices, a), { size }),
  (storage, make, { a }) => void addPartition(storage, make, pick(storage.devices, a), {}),
  (storage, _make, { a }) => {
    const place = pick(
      places(storage).filter(({ partition }) => partition !== null),
      a,
    );
    if (place.partition !== null) deletePartition(storage, place.device, place.partition);
  },
  (storage, make, { a, b }) =>
    void filesystems.format(storage, make, pick(places(storage), a), { fstype: pick(filesystems.filesystemTypes, b) }),
  (storage, _make, { a }) => filesystems.unformat(storage, pick(places(storage), a)),
  (storage, _make, { a, b }) =>
    filesystems.mount(storage, pick(formatted(storage, false), a), { mount_point: `/m${b % 4}` }),
  (storage, _make, { a }) => filesystems.unmount(storage, pick(formatted(storage, true), a)),
  (storage, make, { a }) => filesystems.mountSpecial(storage, make, { fstype: "tmpfs", mount_point: `/m${a % 4}` }),
  (storage, make, step) =>
    void groups.createVolumeGroup(storage, make, { name: `vg${step.size % 3}`, members: some(storage, step) }),
  (storage, make, step) =>
    groups.updateVolumeGroup(storage, make, group(storage, "lvm", step.a), { add: some(storage, step), remove: [] }),
  (storage, make, step) => {
    const lvm = group(storage, "lvm", step.a);
    const remove = step.c % 2 === 0 ? some(storage, step) : [pick(membersOf(storage, lvm), step.b)];
    groups.updateVolumeGroup(storage, make, lvm, { add: [], remove });
  },
  (storage, make, { a, b, size }) =>
    void groups.createLogicalVolume(storage, make, group(storage, "lvm", a), { name: `lv${b % 3}`, size }),
  (storage, make, { a }) =>
    groups.updateVolumeGroup(storage, make, group(storage, "lvm", a), { name: `re${a % 3}`, add: [], remove: [] }),
  (storage, _make, { a }) => groups.deleteVolumeGroup(storage, group(storage, "lvm", a)),
  (storage, make, step) => {
    const level = pick(groups.raidLevels, step.size);
    groups.createRaid(storage, make, { level, members: some(storage, step), spares: [] });
  },
  (storage, make, step) =>
    groups.updateRaid(storage, make, group(storage, "raid", step.a), {
      add: [],
      addSpares: some(storage, step),
      remove: [],
      removeSpares: [],
    }),
  (storage, make, step) =>
    groups.updateRaid(storage, make, group(storage, "raid", step.a), {
      add: [],
      addSpares: [],
      remove: [pick(membersOf(storage, group(storage, "raid", step.a)), step.b)],
      removeSpares: [],
    }),
  (storage, _make, { a }) => deleteGroup(storage, pick(storage.groups, a)),
  (storage, make, { a }) => void groups.createCacheSet(storage, make, pick(places(storage), a)),
  (storage, make, { a, b }) =>
    groups.updateCacheSet(storage, make, pick(storage.cacheSets, a), pick(places(storage), b)),
  (storage, _make, { a }) => groups.deleteCacheSet(storage, pick(storage.cacheSets, a)),
  (storage, make, { a, b, c }) =>
    void groups.createBcache(storage, make, {
      set: pick(storage.cacheSets, a),
      backing: pick(places(storage), b),
      mode: pick(modes, c),
    }),
  (storage, make, { a, b, c }) =>
    groups.updateBcache(storage, make, group(storage, "bcache", a), {
      set: pick(storage.cacheSets, b),
      backing: pick(places(storage), c),
    }),
  (storage, make, step) =>
    void groups.createDatastore(storage, make, { name: `ds${step.size % 2}`, members: some(storage, step) }),
  (storage, _make, { a, size }) => devices.updateDevice(storage, pick(storage.devices, a), { size }),
  (storage, _make, { a, b }) => devices.updateDevice(storage, pick(storage.devices, a), { name: `n${b % 3}` }),
  (storage, _make, { a, b }) =>
    devices.updateDevice(storage, pick(storage.devices, a), { partition_table: b % 2 === 0 ? "MBR" : "GPT" }),
  (storage, _make, { a }) => devices.deleteDevice(storage, pick(storage.devices, a)),
  (storage, _make, { a }) => devices.setBootDisk(storage, pick(storage.devices, a)),
  (storage, make, { a, size }) =>
    void devices.createDisk(storage, make, {
      name: `x${a % 3}`,
      size,
      block_size: 512,
      model: "M",
      serial: `S${a}`,
      id_path: null,
      firmware_version: null,
      numa_node: 0,
    }),
];

/** What must hold of every configuration, found out without the rules that made it. */
function requireSound(storage: Storage, pieces = 4 * mebibyte): void {
  const ids = [storage.devices, storage.partitions, storage.filesystems, storage.groups, storage.cacheSets].flatMap(
    (part) => part.map(({ id }: { id: number }) => id),
  );
  assert.equal(new Set(ids).size, ids.length, "no id twice");
  const there = (id: number | null): boolean => id === null || ids.includes(id);
  for (const one of storage.filesystems)
    assert.ok([one.device_id, one.partition_id, one.group_id, one.cache_set_id].every(there), "nothing dangles");
  for (const { device_id } of storage.partitions) assert.ok(there(device_id));
  for (const { group_id } of storage.devices) assert.ok(there(group_id));
  for (const { cache_set_id } of storage.groups) assert.ok(there(cache_set_id));
  for (const part of [storage.devices, storage.groups])
    assert.equal(new Set(part.map(({ name }) => name)).size, part.length, "no name twice");
  const mounted = storage.filesystems.flatMap(({ mount_point }) => (mount_point?.startsWith("/") ? [mount_point] : []));
  assert.equal(new Set(mounted).size, mounted.length, "nothing is mounted where something else is");
  for (const device of storage.devices) {
    const partitions = partitionsOf(storage, device);
    let end = 4 * mebibyte;
    for (const { size } of partitions) {
      assert.ok(size > 0 && end % pieces === 0, "partitions begin at whole pieces");
      end += size;
    }
    // A disk that is only described may be said to be smaller before its partitions are.
    const described = device.group_id === null && !device.found;
    if (partitions.length > 0 && !described)
      assert.ok(end <= device.size - mebibyte, `partitions of ${device.name} end on it`);
    assert.equal(new Set(partitions.map(({ number }) => number)).size, partitions.length);
    const uses = storage.filesystems.filter(({ device_id }) => device_id === device.id).length;
    assert.ok(uses <= 1 && (uses === 0 || device.partition_table === null), `${device.name} is used once`);
    assert.ok(device.size > 0 && usedSize(storage, device) >= 0 && availableSize(storage, device) >= 0);
  }
  for (const partition of storage.partitions)
    assert.ok(storage.filesystems.filter(({ partition_id }) => partition_id === partition.id).length <= 1);
  for (const one of storage.groups) {
    const members = membersOf(storage, one);
    assert.ok(members.length > 0, `${one.name} is made of something`);
    if (one.kind === "lvm") assert.ok(groupUsed(storage, one) <= groupSize(storage, one), "no group is oversubscribed");
    else if (one.kind !== "vmfs6")
      assert.deepEqual(
        madeBy(storage, one).map(({ size }) => size),
        [groupSize(storage, one)],
      );
    // Nothing is built upon itself, however far down.
    const below = (id: number | null, seen: readonly number[]): void => {
      if (id === null) return;
      assert.ok(!seen.includes(id), "nothing is built upon itself");
      const found = storage.groups.find((other) => other.id === id);
      const set = storage.cacheSets.find((other) => other.id === found?.cache_set_id);
      for (const place of [...(found ? membersOf(storage, found) : []), ...(set ? membersOf(storage, set) : [])])
        below(place.device.group_id, [...seen, id]);
    };
    below(one.id, []);
  }
}

const number = fc.nat({ max: 1000 });
const sizes = fc.oneof(fc.integer({ min: -1, max: 30 * 1024 ** 3 }), fc.constantFrom(0, 4 * mebibyte, 2 ** 53));
const step: fc.Arbitrary<Step> = fc.record({ what: number, a: number, b: number, c: number, size: sizes });

test("no sequence of operations makes a partition overlap, a group oversubscribed, or a device used twice", () => {
  const applied = new Map<number, number>();
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 60 }),
      fc.constantFrom("bios", "uefi"),
      (steps, firmware) => {
        const names = ["sda", "sdb", "sdc", "sdd", "sde"];
        const inventory = testInventory({ disks: names.map((name) => testDisk(name)) });
        const make = testMaker();
        let storage = testStorage(inventory, {
          firmware: firmware === "bios" ? "bios" : "uefi",
          layout: "blank",
          make,
        });
        for (const one of steps) {
          const draft = structuredClone(storage);
          const which = one.what % operations.length;
          try {
            operations[which]?.(draft, make, one);
            settle(draft);
          } catch (error) {
            if (error instanceof InputError) continue;
            throw error;
          }
          storage = draft;
          applied.set(which, (applied.get(which) ?? 0) + 1);
          requireSound(storage);
        }
      },
    ),
    { numRuns: 800 },
  );
  const never = operations.flatMap((_, which) => (applied.has(which) ? [] : [which]));
  assert.deepEqual(never, [], "every operation was possible at least once");
});

test("every layout is sound on any disks, or refused", () => {
  const wishes = fc.record(
    {
      boot_size: fc.oneof(fc.record({ bytes: sizes }), fc.record({ percent: fc.integer({ min: 0, max: 100 }) })),
      root_size: fc.oneof(fc.record({ bytes: sizes }), fc.record({ percent: fc.integer({ min: 0, max: 100 }) })),
      lv_size: fc.record({ percent: fc.integer({ min: 0, max: 100 }) }),
      cache_size: fc.record({ bytes: sizes }),
      cache_no_part: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const layout = fc.constantFrom(
    ...layoutNames.filter((name): name is Exclude<LayoutName, "custom"> => name !== "custom"),
  );
  const disks = fc.array(
    fc.record({ size: sizes.filter((size) => size > 0 && Number.isSafeInteger(size)), rotational: fc.boolean() }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(disks, layout, wishes, fc.constantFrom("bios", "uefi"), (sized, name, wish, firmware) => {
      const inventory = testInventory({ disks: sized.map((changes, at) => testDisk(`sd${at}`, changes)) });
      const make = testMaker();
      const storage = testStorage(inventory, {
        firmware: firmware === "bios" ? "bios" : "uefi",
        layout: "blank",
        make,
      });
      try {
        applyLayout(storage, make, name, wish);
        settle(storage);
      } catch (error) {
        if (error instanceof InputError) return;
        throw error;
      }
      // ESXi's own partitions are not whole pieces of 4 MiB.
      requireSound(storage, name.startsWith("vmfs") ? 1 : undefined);
      if (name === "flat" || name === "lvm" || name === "bcache")
        assert.equal(storage.filesystems.filter(({ mount_point }) => mount_point === "/").length, 1);
      assert.ok(bootDisk(storage) !== undefined || name === "blank");
    }),
  );
});
