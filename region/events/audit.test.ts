import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as check, dictionary, jsonValue, property, string } from "fast-check";
import { changedFields } from "./audit.ts";

test("only fields that differ are told, inside records too", () => {
  const before = { hostname: "a", cpu: 2, power: { power_address: "1", power_user: "u" }, list: [1, 2] };
  const after = { hostname: "b", cpu: 2, power: { power_address: "2", power_user: "u" }, list: [1, 2] };
  assert.deepEqual(changedFields(before, after), {
    before: { hostname: "a", power: { power_address: "1" } },
    after: { hostname: "b", power: { power_address: "2" } },
  });
  assert.deepEqual(changedFields({ a: 1 }, { a: 1 }), { before: {}, after: {} });
  assert.deepEqual(changedFields(null, { a: 1 }), { before: null, after: { a: 1 } });
  assert.deepEqual(changedFields({ a: 1 }, null), { before: { a: 1 }, after: null });
});

test("a secret is told as changed and never what it is", () => {
  const names = [
    "password",
    "power_pass",
    "power_token",
    "k_g",
    "power_k_g",
    "snmp_community",
    "user_data",
    "secret_key",
  ];
  for (const name of names) {
    const told = changedFields(
      { [name]: "old-hush", x: { [name]: "old-hush" } },
      { [name]: "new-hush", x: { [name]: "new-hush" } },
    );
    assert.deepEqual(told.after, { [name]: "(changed)", x: { [name]: "(changed)" } }, name);
    assert.doesNotMatch(JSON.stringify([told, changedFields(null, { [name]: "hush" })]), /hush/);
  }
  assert.deepEqual(changedFields({ password: null }, { password: "hush" }).before, { password: null });
  assert.deepEqual(changedFields({ password: "same" }, { password: "same" }), { before: {}, after: {} });
  assert.deepEqual(changedFields(null, { ssh_key: "ssh-ed25519 AAAA" }).after, { ssh_key: "ssh-ed25519 AAAA" });
});

test("long texts and lists are cut", () => {
  const { after } = changedFields(null, { text: "x".repeat(9000), list: Array.from({ length: 900 }, () => "y") });
  assert.ok(JSON.stringify(after).length < 2000);
  assert.match(String(after?.["text"]), /… \(9000 characters\)$/);
});

test("a change that is none tells no field, whatever the value (property)", () => {
  check(
    property(dictionary(string(), jsonValue()), (fields) => {
      assert.deepEqual(changedFields(fields, structuredClone(fields)), { before: {}, after: {} });
    }),
  );
});
