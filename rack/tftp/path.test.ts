import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { normalisePath } from "./path.ts";

test("firmware's spellings of one path", () => {
  for (const text of [
    "grub/grub.cfg",
    "/grub/grub.cfg",
    "\\grub\\grub.cfg",
    "//grub/./grub.cfg",
    "/\\grub//grub.cfg/",
  ]) {
    assert.deepEqual(normalisePath(text), { path: "grub/grub.cfg" });
  }
  assert.deepEqual(normalisePath("BOOTX64.EFI"), { path: "BOOTX64.EFI" });
});

test("what would leave the folder is refused", () => {
  assert.deepEqual(normalisePath("../etc/passwd"), { refused: "path contains '..'" });
  assert.deepEqual(normalisePath("a\\..\\..\\b"), { refused: "path contains '..'" });
  assert.deepEqual(normalisePath("a\0b"), { refused: "path contains a control character" });
  assert.deepEqual(normalisePath("///"), { refused: "path names no file" });
  assert.deepEqual(normalisePath("x".repeat(513)), { refused: "path is longer than 512 bytes" });
});

test("no text gets out of the folder", () => {
  const parts = fc.array(fc.constantFrom("..", ".", "/", "\\", "a", "\0", "%2e", "//", "…"), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        parts.map((list) => list.join("")),
      ),
      (text) => {
        const result = normalisePath(text);
        if ("refused" in result) return;
        assert.doesNotMatch(result.path, /^\/|\\|\0|(^|\/)\.\.?(\/|$)|\/\/|\/$/);
      },
    ),
    { numRuns: 3000 },
  );
});
