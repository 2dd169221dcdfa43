import assert from "node:assert/strict";
import { it } from "node:test";
import { addressAt, netmaskOf, networkOf, overlap } from "./addresses.ts";

it("networks have a first address, a mask and neighbours", () => {
  const network = networkOf("192.168.7.77/26");
  assert.equal(addressAt(network, 0), "192.168.7.64");
  assert.equal(addressAt(network, 63), "192.168.7.127");
  assert.equal(netmaskOf(network), "255.255.255.192");
  assert.equal(netmaskOf(networkOf("0.0.0.0/0")), "0.0.0.0");
  assert.equal(overlap(network, networkOf("192.168.7.128/26")), false);
  assert.equal(overlap(network, networkOf("192.168.0.0/16")), true);
  assert.equal(overlap(networkOf("10.0.0.5/32"), networkOf("10.0.0.5/32")), true);
});
