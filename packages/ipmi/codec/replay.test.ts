import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { createReplayWindow } from "./replay.ts";

test("a number is taken once, within sixteen of the newest, and zero never", () => {
  const window = createReplayWindow();
  assert.equal(window.accept(0), false);
  assert.equal(window.accept(3), true);
  assert.equal(window.accept(3), false);
  assert.equal(window.accept(1), true);
  assert.equal(window.accept(18), true);
  assert.equal(window.accept(2), false, "sixteen behind");
  assert.equal(window.accept(4), true, "fourteen behind");
  assert.equal(window.accept(3), false, "fifteen behind, seen");
  assert.equal(window.accept(0xffffffff), true);
  assert.equal(window.accept(18), false);
});

test("it agrees with a plain list of what was seen", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 }), (numbers) => {
      const window = createReplayWindow();
      const seen = new Set<number>();
      for (const number of numbers) {
        const newest = Math.max(0, ...seen);
        const expected = !seen.has(number) && newest - number < 16;
        assert.equal(window.accept(number), expected, `${number} after ${[...seen].join(" ")}`);
        if (expected) seen.add(number);
      }
    }),
  );
});
