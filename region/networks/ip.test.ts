import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { type Ip, holds, hostSpan, parseIp, parseNetwork, printIp, printNetwork } from "./ip.ts";

test("addresses are printed as RFC 5952 wants them", () => {
  for (const [text, canonical] of [
    ["10.0.0.1", "10.0.0.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["fd00:0:0:0:10:0:0:0", "fd00::10:0:0:0"],
    ["1000:0:0:0:a00:0:0:10", "1000::a00:0:0:10"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
  ] as const) {
    const ip = parseIp(text);
    assert.ok(ip, text);
    assert.equal(printIp(ip), canonical);
  }
});

const ip = fc.oneof(
  fc.bigInt(0n, 2n ** 32n - 1n).map((value): Ip => ({ version: 4, value })),
  fc.bigInt(0n, 2n ** 128n - 1n).map((value): Ip => ({ version: 6, value })),
  // Many zeros, where the short form has its traps.
  fc.array(fc.constantFrom(0n, 0n, 1n, 0x10n, 0xa00n), { minLength: 8, maxLength: 8 }).map((words): Ip => ({
    version: 6,
    value: words.reduce<bigint>((sum, word) => (sum << 16n) | word, 0n),
  })),
);

test("what is printed is an address, and reads as the same one (property)", () => {
  fc.assert(
    fc.property(ip, (one) => {
      const text = printIp(one);
      assert.equal(isIP(text), one.version);
      assert.deepEqual(parseIp(text), one);
    }),
    { numRuns: 1000 },
  );
});

test("a network holds its own addresses and none beside them (property)", () => {
  fc.assert(
    fc.property(ip, fc.nat(128), (one, length) => {
      const prefix = one.version === 4 ? length % 33 : length;
      const network = parseNetwork(`${printIp(one)}/${prefix}`);
      assert.ok(network);
      assert.ok(holds(network, one));
      assert.deepEqual(parseNetwork(printNetwork(network)), network);
      assert.equal(holds(network, { version: one.version, value: network.last + 1n }), false);
      const hosts = hostSpan(network);
      assert.ok(network.first <= hosts.first && hosts.first <= hosts.last && hosts.last <= network.last);
    }),
  );
});

test("other texts are no addresses and no networks, and never throw (fuzz)", () => {
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "fe80::1%eth0",
    "::1::",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "::/129",
    "/",
    "10.0.0.0/8/8",
    "10.0.0.0/08",
  ])
    assert.equal(text.includes("/") ? parseNetwork(text) : parseIp(text), undefined, text);
  const pieces = fc.array(fc.constantFrom("0", "1", "ff", ":", "::", ".", "/", "%", "10.0.0.1", "x", "\0"), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        pieces.map((parts) => parts.join("")),
      ),
      (text) => {
        const read = parseIp(text);
        if (read !== undefined) assert.deepEqual(parseIp(printIp(read)), read);
        parseNetwork(text);
      },
    ),
    { numRuns: 500 },
  );
});
