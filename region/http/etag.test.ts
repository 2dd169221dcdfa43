import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { changedSince, noneMatch, readTags, textTag, thingTag } from "./etag.ts";

const things = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), {
  minKeys: 1,
  maxKeys: 8,
});

test("a tag tells which fields are others now, and stays while none is", () => {
  let changes = 0;
  fc.assert(
    fc.property(things, fc.nat(), fc.jsonValue(), (thing, choice, value) => {
      const before = JSON.parse(JSON.stringify(thing)) as Record<string, unknown>;
      const names = Object.keys(before);
      const name = names[choice % names.length] ?? "";
      const after = JSON.parse(JSON.stringify({ ...before, [name]: value })) as Record<string, unknown>;
      const same = JSON.stringify(before) === JSON.stringify(after);
      if (!same) changes++;
      assert.equal(thingTag(before) === thingTag(after), same);
      assert.deepEqual(changedSince(thingTag(before), after), same ? [] : [name]);
      assert.deepEqual(readTags(`"x", ${thingTag(before)}`), ['"x"', thingTag(before)]);
    }),
  );
  assert.ok(changes > 50);
});

test("of a tag of something else, everything has changed", () => {
  for (const tag of [textTag("x"), '"abc"', "*", "", thingTag({ a: 1, b: 2, c: 3 })])
    assert.deepEqual(changedSince(tag, { a: 1, b: 2 }), ["a", "b"]);
});

test("what is no list of tags is none", () => {
  for (const header of [
    "",
    "abc",
    '"a" "b"',
    '"a',
    "W/",
    '"a b"',
    `"${"x".repeat(3000)}"`,
    '"a",'.repeat(5000),
    "a, *",
  ])
    assert.equal(readTags(header), null, header.slice(0, 20));
  assert.equal(noneMatch("nonsense", '"a"'), true);
  assert.equal(noneMatch('W/"a"', '"a"'), false);
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void readTags(text)));
  // Such a text would keep a careless pattern busy for ever.
  assert.equal(readTags(`"a"${" ".repeat(9000)}x`), null);
});
