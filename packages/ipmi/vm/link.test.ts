import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { checksum, hex } from "../codec/bytes.ts";
import { createScene } from "../simulation/scene.ts";
import { createPieceReader, encodePiece } from "./bytes.ts";
import type { Piece } from "./bytes.ts";
import { createVmLink } from "./link.ts";

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

function connected() {
  const scene = createScene();
  const written: string[] = [];
  const resets: number[] = [];
  const link = createVmLink({
    bmc: scene.bmc,
    write: (bytes) => written.push(hex(bytes)),
    onGuestReset: () => resets.push(1),
  });
  const message = (...body: number[]): Uint8Array =>
    encodePiece({ kind: "message", bytes: Uint8Array.of(...body, checksum(Uint8Array.from(body))) });
  return { scene, link, written, resets, message };
}

test("QEMU's greeting is answered with the version, its powers are remembered", () => {
  const { link, written } = connected();
  assert.equal(link.command("powerOff"), false, "not before QEMU said that it can");
  link.receive(Buffer.from("ff01a1081fa1", "hex"));
  assert.deepEqual(written, ["ff01a1"]);
  assert.equal(link.command("powerOff"), true);
  assert.equal(link.command("reset"), true);
  assert.equal(link.command("nmi"), true);
  assert.equal(link.command("softOff"), false, "1F lacks the bit for it");
  assert.deepEqual(written.slice(1), ["03a1", "04a1", "07a1"]);
});

test("a command from the guest is answered, bytes A0, A1 and AA escaped", async () => {
  const { link, written, message } = connected();
  link.receive(message(0xaa, 0x00, 0x01));
  await turn();
  // Id AA as AA BA; network function 01, Get Chassis Status, three bytes of status.
  assert.deepEqual(written, ["aaba040100000000".concat(hex(Uint8Array.of(checksum(Uint8Array.of(0xaa, 4, 1)))), "a0")]);
});

test("power off from inside reaches the chassis", async () => {
  const { scene, link, written, message } = connected();
  await scene.chassis.control("on");
  link.receive(message(1, 0x00, 0x02, 0x00));
  await turn();
  assert.deepEqual(scene.chassis.done, ["on", "off"]);
  assert.equal(written.length, 1);
});

test("interrupts follow the global enables, after the reply and in one write", async () => {
  const { link, written, message } = connected();
  link.receive(Buffer.from("ff01a10804a1", "hex"));
  link.receive(message(5, 0x18, 0x2e, 0x09));
  link.receive(message(6, 0x18, 0x2e, 0x08));
  await turn();
  await turn();
  assert.match(written[1] ?? "", /^051c2e00b1a005a1$/);
  assert.match(written[2] ?? "", /a006a1$/);
});

test("a reset of the guest is told", () => {
  const { link, resets } = connected();
  link.receive(Uint8Array.of(0x04, 0xa1));
  assert.equal(resets.length, 1);
});

test("wrong checksums, short and endless messages are dropped, the next good one is answered", async () => {
  const { link, written, message } = connected();
  link.receive(Uint8Array.of(1, 0, 1, 0x77, 0xa0));
  link.receive(Uint8Array.of(1, 0xa0, 0xa0, 0xaa, 0xa0));
  link.receive(new Uint8Array(100_000).fill(7));
  link.receive(Uint8Array.of(0xa0));
  link.receive(message(1, 0, 1));
  await turn();
  assert.equal(written.length, 1);
});

test("pieces survive any data and any chunks", () => {
  const piece = fc
    .tuple(fc.constantFrom("message" as const, "command" as const), fc.uint8Array({ minLength: 1, maxLength: 60 }))
    .map(([kind, bytes]): Piece => ({ kind, bytes }));
  const pieces = fc.array(piece);
  // Bit 4 of an escaped byte is what the escape changes, so BA, B0 and B1 in data must come through as well.
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 9 }), (sent: Piece[], size) => {
      const got: Piece[] = [];
      const read = createPieceReader((piece) => got.push(piece));
      const stream = Buffer.concat(sent.map(encodePiece));
      for (let at = 0; at < stream.length; at += size) read(stream.subarray(at, at + size));
      assert.deepEqual(got, sent);
    }),
  );
});

test("any bytes: no throw, bounded writing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const { link, written } = connected();
      link.receive(bytes);
      await turn();
      assert.ok(written.length <= bytes.length);
    }),
    { numRuns: 300 },
  );
});
