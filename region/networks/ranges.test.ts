import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as checkProperty, integer, property } from "fast-check";
import { contains, networkOf, toAddress, toBlock } from "./address.ts";
import { gatewayFailures, rangeFailures } from "./ranges.ts";

const around = { cidr: "10.0.0.0/24", gateway: "10.0.0.1", racks: ["10.0.0.2"], dns_servers: ["10.0.0.3", "9.9.9.9"] };
const told = (...ranges: [string, string][]): string[] =>
  rangeFailures(
    ranges.map(([first, last]) => ({ first, last })),
    around,
  ).map(({ field, value, allowed }) => `${field} ${String(value)} ${allowed}`);

test("ranges of host addresses apart from one another are allowed", () => {
  assert.deepEqual(told(["10.0.0.4", "10.0.0.99"], ["10.0.0.100", "10.0.0.254"]), []);
});

test("each broken rule is told with field, value and what is allowed", () => {
  const bounds = "must lie in 10.0.0.0/24 within 10.0.0.1 to 10.0.0.254";
  assert.deepEqual(told(["10.0.0.50", "10.0.0.40"]), [
    "dynamic_ranges[0] 10.0.0.50-10.0.0.40 must not end before it begins",
  ]);
  assert.deepEqual(told(["10.0.0.100", "10.0.0.255"]), [`dynamic_ranges[0] 10.0.0.100-10.0.0.255 ${bounds}`]);
  assert.deepEqual(told(["10.0.1.10", "10.0.1.20"]), [`dynamic_ranges[0] 10.0.1.10-10.0.1.20 ${bounds}`]);
  assert.deepEqual(told(["10.0.0.0", "10.0.0.3"]), [
    `dynamic_ranges[0] 10.0.0.0-10.0.0.3 ${bounds}`,
    "dynamic_ranges[0] 10.0.0.0-10.0.0.3 must not contain 10.0.0.1, the address of the gateway",
    "dynamic_ranges[0] 10.0.0.0-10.0.0.3 must not contain 10.0.0.2, the address of a rack controller",
    "dynamic_ranges[0] 10.0.0.0-10.0.0.3 must not contain 10.0.0.3, the address of a name server of this subnet",
  ]);
  assert.deepEqual(told(["10.0.0.10", "10.0.0.20"], ["10.0.0.20", "10.0.0.30"]), [
    "dynamic_ranges[1] 10.0.0.20-10.0.0.30 must not overlap dynamic_ranges[0], 10.0.0.10-10.0.0.20",
  ]);
});

test("the gateway is a host address of the subnet; a point-to-point network has no broadcast address", () => {
  assert.deepEqual(gatewayFailures(null, "10.0.0.0/24"), []);
  assert.deepEqual(gatewayFailures("10.0.0.254", "10.0.0.0/24"), []);
  for (const bad of ["10.0.0.0", "10.0.0.255", "10.0.1.1"])
    assert.equal(gatewayFailures(bad, "10.0.0.0/24").length, 1, bad);
  assert.deepEqual(gatewayFailures("10.0.0.1", "10.0.0.0/31"), []);
});

test("networks of any prefix hold their own addresses and no others (property)", () => {
  checkProperty(
    property(integer({ min: 0, max: 0xffffffff }), integer({ min: 1, max: 32 }), (number, prefix) => {
      const cidr = `${toAddress(number)}/${prefix}`;
      const block = toBlock(cidr);
      assert.ok(contains(block, toAddress(number)));
      assert.equal(block.last - block.first + 1, 2 ** (32 - prefix));
      assert.equal(networkOf(networkOf(cidr)), networkOf(cidr));
      if (block.last < 0xffffffff) assert.equal(contains(block, toAddress(block.last + 1)), false);
    }),
  );
});
