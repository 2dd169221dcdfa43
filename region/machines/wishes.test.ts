import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InputError } from "../errors.ts";
import { deviceCondition } from "./device-wish.ts";
import { interfaceKeys, parseInterfacesWish } from "./interfaces-wish.ts";
import { type StoragePiece, matchStorage, parseStorageWish } from "./storage-wish.ts";

test("interfaces: labels, repeated keys, negations", () => {
  assert.deepEqual(
    parseInterfacesWish("eth0:space=db,mode=unconfigured;eth1:vlan=name:untagged,vlan=vid:4,not_tag=a"),
    [
      {
        label: "eth0",
        keys: [
          { key: "space", not: false, values: ["db"] },
          { key: "mode", not: false, values: ["unconfigured"] },
        ],
      },
      {
        label: "eth1",
        keys: [
          { key: "vlan", not: false, values: ["name:untagged", "vid:4"] },
          { key: "tag", not: true, values: ["a"] },
        ],
      },
    ],
  );
});

test("interfaces: what is refused", () => {
  for (const text of ["", ":", "a", "a:", "a:b", "a:name", "a:name=", "-a:name=x", "a:name=x;a:name=y", "a:nosuch=1"])
    assert.throws(() => parseInterfacesWish(text), InputError, text);
  for (const text of ["a:not_mode=unconfigured", "a:not_nothing=1", "a:name=x;", ";a:name=x", "a:=x"])
    assert.throws(() => parseInterfacesWish(text), InputError, text);
});

test("interfaces: what is printed is read again, and anything else is an InputError", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9:/._-]{1,12}$/);
  const keys = fc.uniqueArray(
    fc.record(
      { key: fc.constantFrom(...interfaceKeys), not: fc.constant(false), values: fc.array(word, { minLength: 1 }) },
      { noNullPrototype: true },
    ),
    { selector: ({ key }) => key, minLength: 1 },
  );
  const wishes = fc.uniqueArray(
    fc.record({ label: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,9}$/), keys }, { noNullPrototype: true }),
    {
      selector: ({ label }) => label,
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(wishes, (given) => {
      const text = given
        .map(({ label, keys: all }) => {
          const pairs = all.flatMap(({ key, values }) => values.map((value) => `${key}=${value}`));
          return `${label}:${pairs.join(",")}`;
        })
        .join(";");
      assert.deepEqual(parseInterfacesWish(text), given);
    }),
  );
  const mutated = fc.string({
    unit: fc.constantFrom(..."ab:=,;_- \0é".split(""), "not_", "tag", "\ud800"),
    maxLength: 60,
  });
  fc.assert(fc.property(mutated, (text) => onlyInputError(() => parseInterfacesWish(text))));
  fc.assert(fc.property(mutated, (text) => onlyInputError(() => deviceCondition(text))));
});

function onlyInputError(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.failures?.length, 1);
  }
}

test("storage: sizes in GB, tags, labels", () => {
  assert.deepEqual(parseStorageWish("root:0(ssd),8.5,data:.5(hdd,partition)"), [
    { label: "root", size: 0, tags: ["ssd"], partition: false },
    { label: null, size: 8.5e9, tags: [], partition: false },
    { label: "data", size: 5e8, tags: ["hdd"], partition: true },
  ]);
  for (const text of [
    "",
    "a",
    "8,",
    ",8",
    "8()",
    "8(a",
    "8 (a)",
    "8(a,)",
    "a:8,a:9",
    "-1",
    "1e9",
    "8(a b)",
    "x:y:8",
    "8(a)b",
  ])
    assert.throws(() => parseStorageWish(text), InputError, text);
  const mutated = fc.string({ unit: fc.constantFrom(..."ab:9.,() \0".split(""), "partition"), maxLength: 60 });
  fc.assert(fc.property(mutated, (text) => onlyInputError(() => parseStorageWish(text))));
});

const piece = (id: number, size: number, more: Partial<StoragePiece> = {}): StoragePiece => ({
  id,
  kind: "device",
  size: size * 1e9,
  tags: [],
  free: true,
  root: false,
  ...more,
});

test("storage: the root is where / is, others are the smallest free ones that fit", () => {
  const disks = [
    piece(1, 100, { root: true, free: false, tags: ["ssd"] }),
    piece(2, 500),
    piece(3, 300, { tags: ["hdd"] }),
    piece(4, 300, { free: false }),
    piece(7, 100, { kind: "partition", root: true, free: false }),
    piece(8, 50, { kind: "partition" }),
  ];
  const match = (text: string) => matchStorage(parseStorageWish(text), disks);
  assert.deepEqual(match("root:50(ssd)"), { root: [1] });
  assert.deepEqual(match("root:0,data:200"), { root: [1], data: [3] });
  assert.deepEqual(match("0,a:200,b:200(hdd)"), { a: [2], b: [3] });
  assert.deepEqual(match("root:0(partition),p:10(partition)"), { root: ["partition:7"], p: ["partition:8"] });
  assert.equal(match("root:200"), null);
  assert.equal(match("root:0(hdd)"), null);
  assert.equal(match("root:0,a:200,b:200,c:200"), null);
  assert.equal(match("root:0,a:400(hdd)"), null);
});
