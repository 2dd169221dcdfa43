import assert from "node:assert/strict";
import { test } from "node:test";
import { recordTypes, resourceName } from "@rackwright/contract";
import fc from "fast-check";
import { InputError } from "../errors.ts";
import { checkRecord } from "./record-data.ts";

test("records that name servers take are taken, without blanks around them", () => {
  assert.equal(checkRecord("www", "CNAME", " target.example. "), "target.example.");
  assert.equal(checkRecord("@", "MX", "0 ."), "0 .");
  assert.equal(checkRecord("_sip._tcp", "SRV", "0 5 5060 sip.example"), "0 5 5060 sip.example");
  assert.equal(checkRecord("www", "SSHFP", `4 2 ${"ab".repeat(32)}`), `4 2 ${"ab".repeat(32)}`);
  assert.equal(checkRecord("www", "TXT", "anything at all: ü"), "anything at all: ü");
});

test("records that say nothing a name server could answer are refused", () => {
  for (const [name, type, data] of [
    ["www", "CNAME", "two words"],
    ["www", "CNAME", "-.example"],
    ["www", "MX", "mail.example"],
    ["www", "MX", "65536 mail.example"],
    ["www", "SRV", "0 5 5060 sip.example"],
    ["_sip._tcp", "SRV", "0 5 sip.example"],
    ["www", "SSHFP", "1 1 00"],
    ["www", "SSHFP", `1 1 ${"zz".repeat(20)}`],
    ["www", "NS", ""],
  ] as const)
    assert.throws(() => checkRecord(name, type, data), InputError, `${name} ${type} ${data}`);
});

test("whatever is given is taken or refused, and nothing else", () => {
  const parts = fc.oneof(
    fc.string(),
    fc.constantFrom("0", "10", "65535", "65536", "a.example", ".", "_a._b", " ", "\t"),
  );
  fc.assert(
    fc.property(parts, fc.constantFrom(...recordTypes), fc.array(parts, { maxLength: 5 }), (name, type, words) => {
      const data = words.join(" ");
      try {
        assert.equal(checkRecord(name, type, data), data.trim());
      } catch (error) {
        assert.ok(error instanceof InputError);
      }
    }),
  );
});

test("names are labels, the domain itself or everything, and at most as long as DNS can carry", () => {
  for (const name of ["www", "@", "*", "*.lab", "_sip._tcp", "a.b.c"])
    assert.ok(resourceName.safeParse(name).success, name);
  for (const name of ["", ".", "a..b", "a b", "-a", "@.a", "a".repeat(64), "a.".repeat(200), "*a"])
    assert.ok(!resourceName.safeParse(name).success, name);
});
