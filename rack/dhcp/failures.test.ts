import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RackConfig, RackEventInput } from "@rackwright/contract";
import { addressesValue, textValue, u16Value } from "@rackwright/dhcp";
import { openLibc } from "@rackwright/netdev";
import { batchLeases } from "./lease-source.ts";
import { startDhcpServer } from "./server.ts";
import { deskAddress, deskMac, makeDesk, type Desk } from "./testing/desk.ts";
import { memoryLeases } from "./testing/memory-leases.ts";
import { wireConfig } from "./testing/wire.ts";

const us: [number, Uint8Array] = [54, addressesValue(deskAddress)];
const wants = (address: string): [number, Uint8Array] => [50, addressesValue(address)];
const pxe: [number, Uint8Array][] = [
  [60, textValue("PXEClient:Arch:00007:UNDI:003000")],
  [93, u16Value(7)],
];
const other = "52:54:00:00:00:02";

/** The configuration with its subnets changed. */
function changed(change: (subnet: RackConfig["subnets"][number]) => void): RackConfig {
  const config = wireConfig();
  config.subnets.forEach(change);
  return config;
}

/** The failures that were told, by code, each with its sentence. */
function told(desk: Desk): Record<string, string> {
  return Object.fromEntries(desk.events.flatMap(({ failure }) => (failure ? [[failure.code, failure.message]] : [])));
}

test("each reason to give no address is a failure of its own", async () => {
  const off = makeDesk(changed((subnet) => void (subnet.dhcp = false)));
  await off.ask("discover");
  assert.match(told(off)["no-subnet"] ?? "", /no subnet with DHCP is on its link \(device br0/);

  const bare = makeDesk(changed((subnet) => void (subnet.ranges = [])));
  await bare.ask("discover");
  assert.match(told(bare)["no-dynamic-range"] ?? "", /^No address for 52:54:00:12:34:56: no dynamic range on 10\.77/);

  const one = makeDesk(changed((subnet) => void (subnet.ranges = [{ first: "10.77.100.1", last: "10.77.100.1" }])));
  await one.ask("discover");
  await one.ask("discover", { mac: other });
  assert.match(told(one)["addresses-exhausted"] ?? "", new RegExp(`^No address for ${other}: the range is full`));

  const apart = makeDesk(changed((subnet) => void (subnet.ranges = [{ first: "10.99.0.1", last: "10.99.0.9" }])));
  await apart.ask("discover");
  assert.match(told(apart)["unknown-subnet"] ?? "", /10\.99\.0\.1 is not on the link of the client/);

  const cut = makeDesk(wireConfig());
  cut.region.away = true;
  await cut.ask("discover");
  assert.match(told(cut)["region-unreachable"] ?? "", /no region answers/);
});

test("a region that does not know the lease any more", async () => {
  const desk = makeDesk(wireConfig());
  desk.mirror.remember({ mac: deskMac, address: "10.77.100.9", subnetId: 1, hostname: null, expiresAt: Infinity });
  await desk.ask("request", { clientAddress: "10.77.100.9" });
  await desk.renewals.flush();
  assert.match(told(desk)["not-yours"] ?? "", /no longer grants 10\.77\.100\.9 to 52:54:00:12:34:56/);
});

test("an address that is in use is declined and told", async () => {
  const desk = makeDesk(wireConfig());
  await desk.ask("discover");
  await desk.ask("request", {}, [us, wants("10.77.100.1")]);
  await desk.ask("decline", {}, [us, wants("10.77.100.1")]);
  assert.match(told(desk)["address-in-use"] ?? "", /^10\.77\.100\.1 was given to/);
});

test("firmware that no boot decision can be had for is told", async () => {
  const desk = makeDesk(wireConfig(), { bootFails: true });
  assert.deepEqual(await desk.ask("discover", {}, pxe), []);
  assert.match(told(desk)["boot-decision-unavailable"] ?? "", /what it boots is unknown \(no region answers\)/);
});

test("an answer that has no room for all options leaves some out, and says which", async () => {
  const servers = Array.from({ length: 63 }, (_, index) => `10.77.1.${index + 1}`);
  const desk = makeDesk(
    changed((subnet) => void Object.assign(subnet, { dns_servers: servers, ntp_servers: servers })),
  );
  const everything: [number, Uint8Array] = [55, Uint8Array.of(1, 3, 6, 15, 42)];
  const [offer] = await desk.ask("discover", {}, [everything]);
  assert.ok(offer, "the answer is sent nevertheless");
  assert.match(told(desk)["options-left-out"] ?? "", /^Options (6|42)\b.* did not fit into the \d+ bytes/);
});

test("a defect with one client's message is told, and the next client is served", async () => {
  // Option 255 ends a message (RFC 2132 3.2): whoever wants it sent has made a mistake.
  const desk = makeDesk(wireConfig(), {
    boot: { nextServer: deskAddress, options: new Map([[255, Uint8Array.of(1)]]) },
  });
  await desk.ask("discover", {}, pxe);
  assert.match(told(desk)["dhcp-defect"] ?? "", /^DHCP: discover of 52:54:00:12:34:56 could not be answered: /);
  assert.equal((await desk.ask("discover", { mac: other })).length, 1);
});

test("what is no DHCP is counted and told with its sender", async () => {
  const desk = makeDesk(wireConfig());
  await desk.raw(Buffer.from("junk"));
  desk.watch.tick();
  const failure = desk.events.at(-1)?.failure;
  assert.equal(failure?.code, "dhcp-malformed");
  assert.match(failure.evidence?.[0] ?? "", /^malformed: from 10\.77\.0\.66 on br0: /);
});

test("a server that cannot read its snapshot says so, and runs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rw-dhcp-"));
  try {
    await writeFile(join(folder, "dhcp.json"), '{"cut');
    const events: RackEventInput[] = [];
    const server = await startDhcpServer({
      libc: openLibc(),
      leases: batchLeases(memoryLeases([])),
      decideBoot: () => Promise.resolve(undefined),
      emit: (event) => void events.push(event),
      now: Date.now,
      findMac: async () => undefined,
      devices: [],
      folder,
    });
    await server.close();
    assert.equal(events[0]?.failure?.code, "dhcp-not-served");
    assert.match(events[0].failure.message, /dhcp\.json cannot be used: .* Remove it/s);
  } finally {
    await rm(folder, { recursive: true });
  }
});
