import assert from "node:assert/strict";
import test from "node:test";
import { add, closingLine, countsOf } from "./counts.ts";

test("the closing lines of a TAP report are counted", () => {
  const tap = "ok 1 - a\n# tests 5\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 0\n# todo 0\n";
  assert.deepEqual(countsOf(tap), { passed: 3, failed: 2, skipped: 0 });
});

test("a report that ends early counts as a failure", () => {
  assert.deepEqual(countsOf("ok 1 - a\n"), { passed: 0, failed: 1, skipped: 0 });
});

test("the closing line adds up", () => {
  const sum = add({ passed: 1, failed: 0, skipped: 2 }, { passed: 3, failed: 1, skipped: 0 });
  assert.equal(closingLine(sum), "4 passed, 1 failed, 2 skipped");
});
