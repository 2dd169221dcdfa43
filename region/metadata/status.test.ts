import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { InputError } from "../errors.ts";
import { parseStatus } from "./status.ts";

const finish = {
  name: "modules-final",
  description: "running modules for final",
  event_type: "finish",
  origin: "cloudinit",
  timestamp: 1767323045.25,
  result: "SUCCESS",
};

describe("status webhook", () => {
  it("reads what cloud-init sends", () => {
    assert.deepEqual(parseStatus(Buffer.from(JSON.stringify(finish))), finish);
  });

  it("names the field that is wrong", () => {
    for (const [change, field] of [
      [{ name: undefined }, "name"],
      [{ name: "x".repeat(256) }, "name"],
      [{ description: 5 }, "description"],
      [{ event_type: "middle" }, "event_type"],
      [{ timestamp: "now" }, "timestamp"],
      [{ files: [{ path: "/x" }] }, "files.0.encoding"],
    ] as const) {
      assert.throws(
        () => parseStatus(Buffer.from(JSON.stringify({ ...finish, ...change }))),
        (error) => error instanceof InputError && error.failures?.[0]?.field === field,
      );
    }
  });

  it("survives anything", () => {
    const good = Buffer.from(JSON.stringify(finish));
    const survives = (body: Buffer): void => {
      try {
        parseStatus(body);
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(Buffer.from(bytes))));
    fc.assert(fc.property(fc.json(), (text) => survives(Buffer.from(text))));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const body = Buffer.from(good);
        body[at] = byte;
        survives(body.subarray(0, length));
      }),
    );
  });
});
