import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Fragments, asciiJson, escapeToAscii, withTexts } from "./fragment.ts";

test("JSON in ASCII says the same as JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const text = asciiJson(value);
      assert.equal(Buffer.byteLength(text), text.length);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(escapeToAscii(JSON.stringify(value)), text);
    }),
  );
  assert.equal(asciiJson("→ 😀"), '"\\u2192 \\ud83d\\ude00"');
});

test("an object with texts in it is the object with what they say", () => {
  const text = withTexts({ a: "→" }, { b: "[1]", c: "null" });
  assert.deepEqual(JSON.parse(text), { a: "→", b: [1], c: null });
});

test("what is shared is rendered once", () => {
  const fragments = new Fragments();
  const shared = { name: "hall" };
  assert.equal(fragments.of(shared), '{"name":"hall"}');
  shared.name = "changed";
  assert.equal(fragments.of(shared), '{"name":"hall"}');
  assert.equal(fragments.ofMaybe(null), "null");
});
