import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { asciiJson, escapeToAscii } from "./ascii-json.ts";
import { JsonBytes } from "./json-bytes.ts";

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

test("whatever is written into an object, of whatever size, is read from it", () => {
  const anything = fc.jsonValue({ stringUnit: "binary" });
  fc.assert(
    fc.property(anything, fc.array(anything), fc.integer({ min: 1, max: 300 }), (value, items, size) => {
      const out = new JsonBytes(new WeakMap(), size);
      out.open({ first: value });
      out.field("text").raw(JSON.stringify(value));
      const spans = out.field("items").list(items, (item) => out.json(item));
      out.field("backwards").list(spans.toReversed(), (span) => out.again(span));
      const shared = { value };
      out.field("one").shared(shared).field("other").shared(shared).field("none").shared(null);
      out.field("nowhere").again(undefined).raw("}");
      assert.equal(out.length, out.end().length);
      const plain = {
        first: value,
        text: value,
        items,
        backwards: items.toReversed(),
        one: shared,
        other: shared,
        none: null,
        nowhere: null,
      };
      assert.deepEqual(JSON.parse(out.end().toString("ascii")), JSON.parse(JSON.stringify(plain)));
    }),
  );
});

test("what is shared is rendered once, also for the next writer", () => {
  const known = new WeakMap<object, Buffer>();
  const shared = { name: "hall" };
  assert.equal(new JsonBytes(known).shared(shared).end().toString(), '{"name":"hall"}');
  shared.name = "changed";
  assert.equal(new JsonBytes(known).shared(shared).end().toString(), '{"name":"hall"}');
});
