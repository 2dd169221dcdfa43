import assert from "node:assert/strict";
import { test } from "node:test";
import { openDeviceSocket } from "./device-socket.ts";
import { udpPacket } from "./frame-sender.ts";
import { parseInterfaces } from "./interfaces.ts";
import { openLibc } from "./libc.ts";
import { listNeighbours, replaceNeighbour } from "./neighbour.ts";

test("a datagram goes out of and comes in by a device", async () => {
  const libc = openLibc();
  const got = Promise.withResolvers<string>();
  const receiver = openDeviceSocket({
    libc,
    device: "lo",
    port: 60929,
    onMessage: (bytes, from) => got.resolve(`${Buffer.from(bytes).toString()} from ${from.address}:${from.port}`),
    onError: got.reject,
  });
  assert.equal(receiver.send(Buffer.from("hello"), "127.0.0.1", 60929), undefined);
  assert.equal(await got.promise, "hello from 127.0.0.1:60929");
  await receiver.close();
  await receiver.close();
  assert.match(receiver.send(Buffer.from("late"), "127.0.0.1", 60929)?.message ?? "", /after close/);
});

test("a device that is not there is named in the error", () => {
  const quiet = { libc: openLibc(), port: 0, onMessage: () => undefined, onError: () => undefined };
  assert.throws(() => openDeviceSocket({ ...quiet, device: "rw-none" }), {
    name: "DeviceError",
    code: "ENODEV",
    message: /SO_BINDTODEVICE on device rw-none failed: no such device/,
  });
  for (const device of ["", "a/b", "sixteen-letters-", "a b"])
    assert.throws(() => openDeviceSocket({ ...quiet, device }), RangeError);
});

test("a packet carries both checksums", () => {
  const packet = udpPacket({
    source: "10.0.0.1",
    sourcePort: 67,
    destination: "10.0.0.9",
    destinationPort: 68,
    payload: Buffer.from("abc"),
  });
  assert.equal(Buffer.from(packet).toString("hex"), "4500001f00000000401166c50a0000010a00000900430044000b26e5616263");
});

test("the output of ip -json address is read", () => {
  const text = JSON.stringify([
    {
      ifindex: 1,
      ifname: "lo",
      flags: ["LOOPBACK", "UP", "LOWER_UP"],
      mtu: 65536,
      operstate: "UNKNOWN",
      link_type: "loopback",
      address: "00:00:00:00:00:00",
      addr_info: [{ family: "inet", local: "127.0.0.1", prefixlen: 8 }],
    },
    {},
    {
      ifindex: 3,
      ifname: "vlan10",
      flags: ["UP", "LOWER_UP"],
      mtu: 1500,
      link_type: "ether",
      address: "52:54:00:00:00:01",
      master: "br0",
      link: "eth0",
      linkinfo: { info_kind: "vlan", info_data: { protocol: "802.1Q", id: 10 } },
      addr_info: [
        { family: "inet", local: "10.0.0.2", prefixlen: 24, secondary: true },
        { family: "inet", local: "10.0.0.1", prefixlen: 24 },
        { family: "inet6", local: "fe80::1", prefixlen: 64 },
      ],
    },
  ]);
  assert.deepEqual(parseInterfaces(text), [
    {
      name: "lo",
      index: 1,
      mac: undefined,
      mtu: 65536,
      up: true,
      loopback: true,
      kind: undefined,
      vlan: undefined,
      master: undefined,
      ipv4: ["127.0.0.1/8"],
      ipv6: [],
    },
    {
      name: "vlan10",
      index: 3,
      mac: "52:54:00:00:00:01",
      mtu: 1500,
      up: true,
      loopback: false,
      kind: "vlan",
      vlan: { vid: 10, parent: "eth0" },
      master: "br0",
      ipv4: ["10.0.0.1/24", "10.0.0.2/24"],
      ipv6: ["fe80::1/64"],
    },
  ]);
  assert.throws(() => parseInterfaces("{}"), TypeError);
});

test("neighbours are set and listed through ip, with checked arguments", async () => {
  const calls: string[] = [];
  const run = async (program: string, args: readonly string[]): Promise<string> => {
    calls.push([program, ...args].join(" "));
    return JSON.stringify([
      { dst: "10.0.0.9", lladdr: "52:54:00:00:00:01", state: ["STALE"] },
      { dst: "10.0.0.8", state: ["FAILED"] },
    ]);
  };
  await replaceNeighbour(run, { device: "eth0", address: "10.0.0.9", mac: "52:54:00:00:00:01" });
  assert.deepEqual(calls, ["ip neighbour replace 10.0.0.9 lladdr 52:54:00:00:00:01 dev eth0 nud reachable"]);
  assert.deepEqual(await listNeighbours(run, "eth0"), [
    { address: "10.0.0.9", mac: "52:54:00:00:00:01", device: "eth0", states: ["STALE"] },
  ]);
  await assert.rejects(replaceNeighbour(run, { device: "eth0", address: "10.0.0.9; x", mac: "52:54:00:00:00:01" }));
  await assert.rejects(replaceNeighbour(run, { device: "eth0", address: "10.0.0.9", mac: "junk" }), RangeError);
});
