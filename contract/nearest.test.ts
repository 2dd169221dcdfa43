import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { nearest } from "./nearest.ts";

test("a slip of the pen finds the word that was meant", () => {
  const known = ["deploying", "deployed", "ready", "failed testing", "new"];
  assert.equal(nearest("redy", known), "ready");
  assert.equal(nearest("raedy", known), "ready");
  assert.equal(nearest("DEPLOYD", known), "deployed");
  assert.equal(nearest("failed", known), "failed testing");
  assert.equal(nearest("rack", known), undefined);
  assert.equal(nearest("", known), undefined);
});

test("one letter less, more or changed of a word of four letters is near it", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{4,20}$/), fc.nat(), fc.constantFrom("", "x", "yz"), (word, at, put) => {
      const cut = at % word.length;
      assert.equal(nearest(word.slice(0, cut) + put.slice(0, 1) + word.slice(cut + 1), [word]), word);
    }),
  );
});
