import assert from "node:assert/strict";
import test from "node:test";
import { reviewInterfaces } from "./interfaces.ts";

const card = (address: string) => ({
  address,
  netmask: "255.255.255.0",
  family: "IPv4" as const,
  mac: "02:00:00:00:00:01",
  internal: false,
  cidr: null,
});
const host = { existing: ["lo", "eth0", "eth1"], addresses: { eth0: [card("192.0.2.7")], eth1: [] } };

test("an interface that does not exist is refused, with those that do", () => {
  assert.throws(() => reviewInterfaces({ ...host, interfaces: ["eth9"], networks: [] }), {
    message: "--interface eth9: there is no such interface.",
    next: "This host has eth0, eth1, lo.",
    exitCode: 2,
  });
});

test("an interface without an address and a network of no interface are told, and no more", () => {
  assert.deepEqual(reviewInterfaces({ ...host, interfaces: ["eth0"], networks: ["192.0.2.0/24"] }), []);
  assert.deepEqual(reviewInterfaces({ ...host, interfaces: [], networks: ["192.0.2.0/24"] }), []);
  assert.match(reviewInterfaces({ ...host, interfaces: ["eth1"], networks: [] }).join(), /^eth1 has no IPv4 address/);
  const far = reviewInterfaces({ ...host, interfaces: ["eth0"], networks: ["192.0.2.0/30", "10.0.0.0/24"] });
  assert.equal(far.length, 2);
  assert.match(far[1] ?? "", /address in 10\.0\.0\.0\/24: only what a DHCP relay/);
});
