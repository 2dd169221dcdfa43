import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { discoveryId, readDiscoveryId } from "./discoveries.ts";

test("an id names its address and card again", () => {
  for (const address of ["10.0.0.1", "fd00::1"]) {
    const id = discoveryId(address, "02:00:00:00:00:01");
    assert.deepEqual(readDiscoveryId(id), { address, mac: "02:00:00:00:00:01" });
  }
});

test("any other text names none", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.string().map((text) => btoaOf(text)),
      ),
      (text) => {
        assert.equal(readDiscoveryId(text), null);
      },
    ),
  );
  assert.equal(readDiscoveryId(btoaOf("300.0.0.1,02:00:00:00:00:01")), null);
});

const btoaOf = (text: string): string => Buffer.from(text).toString("base64");
