import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressFromNumber, addressToNumber, networkHolds, parseMac, parseNetwork } from "./address.ts";
import { decodeDomainList, encodeDomainList } from "./domain-list.ts";
import { DhcpFormatError } from "./message.ts";
import { readHostname, readUserClass, textValue } from "./option-values.ts";
import { readSubOptions } from "./sub-options.ts";

test("addresses go to numbers and back", () => {
  fc.assert(fc.property(fc.nat(0xffffffff), (value) => assert.equal(addressToNumber(addressFromNumber(value)), value)));
  for (const bad of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "1.2.3.4 ", "01.2.3.4", "a.b.c.d", "-1.2.3.4"])
    assert.throws(() => addressToNumber(bad), DhcpFormatError, bad);
});

test("a network holds its addresses", () => {
  const network = parseNetwork("10.1.2.3/23");
  assert.equal(addressFromNumber(network.base), "10.1.2.0");
  assert.equal(addressFromNumber(network.broadcast), "10.1.3.255");
  assert.equal(networkHolds(network, addressToNumber("10.1.3.77")), true);
  assert.equal(networkHolds(network, addressToNumber("10.1.4.0")), false);
  assert.equal(networkHolds(parseNetwork("0.0.0.0/0"), addressToNumber("200.1.1.1")), true);
  for (const bad of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "/8"]) assert.throws(() => parseNetwork(bad), bad);
});

test("hardware addresses are read in both notations", () => {
  assert.deepEqual(parseMac("52-54-00-AB-cd-ef"), Uint8Array.of(0x52, 0x54, 0, 0xab, 0xcd, 0xef));
  assert.throws(() => parseMac("5254.00ab.cdef"), DhcpFormatError);
});

test("the search list of RFC 3397's example is compressed as there", () => {
  const bytes = encodeDomainList(["eng.apple.com", "marketing.apple.com"]);
  assert.equal(Buffer.from(bytes).toString("hex"), "03656e67056170706c6503636f6d00096d61726b6574696e67c004");
  assert.deepEqual(decodeDomainList(bytes), ["eng.apple.com", "marketing.apple.com"]);
});

test("search lists with loops, forward pointers and overruns are refused", () => {
  for (const bad of ["c000", "c004", "0361", "01617f", "016101c0", "0161c000", "40"])
    assert.throws(() => decodeDomainList(Buffer.from(bad, "hex")), DhcpFormatError, bad);
  assert.throws(() => encodeDomainList(["a..b"]), /label "" of "a..b"/);
  assert.throws(() => encodeDomainList(["x".repeat(64)]), /1 to 63 bytes/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        decodeDomainList(bytes);
      } catch (error) {
        assert.ok(error instanceof DhcpFormatError);
      }
    }),
  );
});

test("user class is read as RFC 3004 writes it and as iPXE does", () => {
  assert.deepEqual(readUserClass(textValue("iPXE")), ["iPXE"]);
  assert.deepEqual(readUserClass(Buffer.from("0469505845036f6e65", "hex")), ["iPXE", "one"]);
});

test("a host name is one DNS label, from option 12 or 81", () => {
  assert.equal(readHostname(new Map([[12, textValue("Node-1.example.com\0")]])), "node-1");
  assert.equal(readHostname(new Map([[81, Buffer.concat([Uint8Array.of(0, 0, 0), textValue("web.example")])]])), "web");
  for (const bad of ["(none)", "-a", "a b", "", "x".repeat(64), "a\nb"])
    assert.equal(readHostname(new Map([[12, textValue(bad)]])), undefined, bad);
});

test("sub-options that run over the end count as absent", () => {
  assert.equal(readSubOptions(Uint8Array.of(1, 4, 1, 2)), undefined);
  assert.deepEqual([...(readSubOptions(Uint8Array.of(0, 6, 1, 8, 255, 9)) ?? [])], [[6, Uint8Array.of(8)]]);
});
