import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  decodePacket,
  encodeAck,
  encodeData,
  encodeError,
  encodeNetascii,
  encodeOptionAck,
  encodeRequest,
  MalformedPacket,
  NetasciiDecoder,
  negotiateRead,
} from "./index.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const limits = { maxBlksize: 8192, maxWindowsize: 64, maxTimeoutSeconds: 60 };

test("encodes the packets of RFC 1350 §5 byte by byte", () => {
  const options = new Map([
    ["tsize", "0"],
    ["blksize", "1428"],
  ]);
  const request = encodeRequest({ kind: "read", path: "a/b", mode: "octet", options });
  assert.equal(Buffer.from(request).toString("latin1"), "\0\x01a/b\0octet\0tsize\x000\0blksize\x001428\0");
  assert.equal(hex(encodeData(65537, Uint8Array.of(7, 8))), "000300010708");
  assert.equal(hex(encodeAck(0x1_abcd)), "0004abcd");
  assert.equal(hex(encodeError(2, "no\0pe")), "000500026e6f20706500");
  assert.equal(hex(encodeOptionAck(new Map([["tsize", "9"]]))), "00067473697a65003900");
});

test("decodes a request with upper-case options, padding and a repeated option", () => {
  const text = "\0\x01bootx64.efi\0OCTET\0BlkSize\x001432\0blksize\x0099\0TSIZE\x000\0\0\0\0";
  const packet = decodePacket(Buffer.from(text, "latin1"));
  assert.deepEqual(packet, {
    kind: "read",
    path: "bootx64.efi",
    mode: "octet",
    options: new Map([
      ["blksize", "1432"],
      ["tsize", "0"],
    ]),
  });
});

test("says what is wrong with a malformed packet", () => {
  const reason = (text: string): string => {
    try {
      decodePacket(Buffer.from(text, "latin1"));
    } catch (error) {
      return error instanceof MalformedPacket ? error.reason : "other";
    }
    return "accepted";
  };
  assert.equal(reason("\0\x01"), "too-short");
  assert.equal(reason("\0\x09ab"), "unknown-opcode");
  assert.equal(reason("\0\x01file\0octet"), "unterminated-string");
  assert.equal(reason("\0\x01file\0"), "unterminated-string");
  assert.equal(reason("\0\x01\0octet\0"), "empty-file-name");
  assert.equal(reason("\0\x01file\0mail\0"), "unknown-mode");
  assert.equal(reason("\0\x01file\0octet\0tsize\0"), "trailing-bytes");
  assert.equal(reason(`\0\x01${"x".repeat(1100)}\0octet\0`), "too-long");
  assert.equal(reason(`\0\x01f\0octet\0${"a\x001\0".repeat(17)}`), "too-many-options");
});

test("an error text keeps no control character and needs no final NUL", () => {
  const packet = decodePacket(Buffer.from("\0\x05\0\x08bye\x1b[2J", "latin1"));
  assert.deepEqual(packet, { kind: "error", code: 8, message: "bye?[2J" });
});

test("negotiation lowers, echoes and leaves out", () => {
  const ask = (options: Record<string, string>, mode: "octet" | "netascii" = "octet") =>
    Object.fromEntries(negotiateRead(new Map(Object.entries(options)), mode, 1000, limits).accepted);
  assert.deepEqual(ask({ blksize: "65464", windowsize: "65535", timeout: "7", tsize: "0", foo: "1" }), {
    blksize: "8192",
    windowsize: "64",
    timeout: "7",
    tsize: "1000",
  });
  assert.deepEqual(ask({ blksize: "7", windowsize: "0", timeout: "61", tsize: "x" }), {});
  assert.deepEqual(ask({ blksize: "65465", windowsize: "65536", timeout: "0", tsize: "0" }, "netascii"), {});
});

test("netascii survives any cutting of the stream", () => {
  assert.equal(hex(encodeNetascii(Buffer.from("a\nb\rc"))), "610d0a620d0063");
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.array(fc.nat(30)), (chunks, cuts) => {
      const wire = Buffer.concat(chunks.map(encodeNetascii));
      const decoder = new NetasciiDecoder();
      const out: Uint8Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        out.push(decoder.push(wire.subarray(at, at + cut)));
        at = Math.min(wire.length, at + cut);
      }
      out.push(decoder.push(wire.subarray(at)), decoder.end());
      assert.equal(hex(Buffer.concat(out)), hex(Buffer.concat(chunks)));
    }),
  );
});

test("any bytes decode or are refused as malformed", () => {
  const seed = encodeRequest({
    kind: "read",
    path: "grub/grub.cfg",
    mode: "octet",
    options: new Map([["tsize", "0"]]),
  });
  const check = (bytes: Uint8Array): void => {
    try {
      decodePacket(bytes);
    } catch (error) {
      assert.ok(error instanceof MalformedPacket, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1200 }), check), { numRuns: 2000 });
  const mutation = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(mutation, fc.nat(seed.length), fc.integer({ min: 0, max: 6 }), (changes, cut, opcode) => {
      const bytes = Uint8Array.from(seed);
      bytes[1] = opcode;
      for (const [at, value] of changes) bytes[at] = value;
      check(bytes.subarray(0, cut));
    }),
    { numRuns: 3000 },
  );
});

test("what was encoded is decoded again", () => {
  const text = fc.string({ minLength: 1, maxLength: 40 }).filter((s) => !s.includes("\0") && s.isWellFormed());
  fc.assert(
    fc.property(text, fc.constantFrom("octet" as const, "netascii" as const), fc.nat(65464), (path, mode, value) => {
      const options = new Map([["blksize", String(value)]]);
      const request = { kind: "read", path, mode, options } as const;
      assert.deepEqual(decodePacket(encodeRequest(request)), request);
    }),
  );
});
