import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { xz } from "./xz.ts";

test("what is packed, the xz program unpacks", () => {
  for (const size of [0, 1, 3, 4, 0xffff, 0x10000, 0x10001, 300_000]) {
    const content = Buffer.from(Array.from({ length: size }, (_one, index) => (index * 7 + (index >> 8)) % 256));
    const unpacked = execFileSync("xz", ["--decompress", "--stdout"], { input: xz(content), maxBuffer: 1 << 20 });
    assert.ok(unpacked.equals(content), `${size} bytes`);
  }
});
