import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InputError } from "../errors.ts";
import { type Kind, parseSpecifier, parseSpecifiers } from "./specifiers.ts";

test("a bare word is what the thing usually goes by", () => {
  assert.deepEqual(parseSpecifier("subnet", "7"), { by: "id", number: 7 });
  assert.deepEqual(parseSpecifier("subnet", "10.0.0.0/24"), { by: "cidr", text: "10.0.0.0/24" });
  assert.deepEqual(parseSpecifier("subnet", "fd00::/64"), { by: "cidr", text: "fd00::/64" });
  assert.deepEqual(parseSpecifier("subnet", "hall: 2"), { by: "name", text: "hall: 2" });
  assert.deepEqual(parseSpecifier("vlan", "untagged"), { by: "vid", number: 0 });
  assert.deepEqual(parseSpecifier("vlan", "12"), { by: "vid", number: 12 });
  assert.deepEqual(parseSpecifier("fabric", "fabric-3"), { by: "name", text: "fabric-3" });
  for (const none of ["-1", "undefined", "id:-1", "name:undefined"])
    assert.deepEqual(parseSpecifier("space", none), { by: "none" }, none);
});

test("a typed specifier goes through other things", () => {
  assert.deepEqual(parseSpecifier("subnet", "space:name:dmz"), { by: "space", of: { by: "name", text: "dmz" } });
  assert.deepEqual(parseSpecifier("subnet", "vlan:fabric:class:10g"), {
    by: "vlan",
    of: { by: "fabric", of: { by: "class", text: "10g" } },
  });
  assert.deepEqual(parseSpecifier("subnet", "ip:fd00::1"), { by: "ip", text: "fd00::1" });
  assert.deepEqual(parseSpecifier("subnet", "vid:untagged"), { by: "vid", number: 0 });
  assert.deepEqual(parseSpecifier("subnet", "interface:id:5"), { by: "interface", number: 5 });
  for (const bad of ["id:0x1", "id:-1", "vid:x", "id:99999999999999999999", "id:", "a\0b"])
    assert.deepEqual(parseSpecifier("vlan", bad), { by: "nothing" }, bad);
});

test("commas join, further texts are alternatives, signs narrow and take away", () => {
  const id = (number: number, not = false) => ({ not, is: { by: "id" as const, number } });
  assert.deepEqual(parseSpecifiers("subnet", ["1, !2", "&3", "|4", "not_5"]), [
    { join: "or", not: false, all: [id(1), id(2, true)] },
    { join: "and", not: false, all: [id(3)] },
    { join: "or", not: false, all: [id(4)] },
    { join: "and", not: true, all: [id(5)] },
  ]);
});

test("what would make a query without bounds is refused", () => {
  assert.throws(() => parseSpecifiers("subnet", [",".repeat(9000)]), InputError);
  assert.throws(() => parseSpecifiers("subnet", Array<string>(501).fill("1")), InputError);
  assert.throws(() => parseSpecifier("subnet", "vlan:subnet:".repeat(1000)), InputError);
});

test("any text is read or refused, and what is read is small (fuzz)", () => {
  const kind = fc.constantFrom<Kind[]>("subnet", "vlan", "fabric", "space");
  const pieces = [
    "subnet:",
    "vlan:",
    "space:",
    "fabric:",
    "id:",
    "name:",
    "vid:",
    "ip:",
    ",",
    "!",
    "&",
    "not_",
    "7",
    "\0",
    "::1",
    "/24",
  ];
  const text = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(kind, fc.array(text, { maxLength: 5 }), (named, texts) => {
      try {
        assert.ok(JSON.stringify(parseSpecifiers(named, texts)).length < 100_000);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
