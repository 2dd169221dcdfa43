import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { addressesValue, readAddressOption, readU32Option, textValue, u16Value } from "@rackwright/dhcp";
import fc from "fast-check";
import { batched } from "./lease-source.ts";
import { createMirror } from "./mirror.ts";
import { loadSnapshot, saveSnapshot } from "./snapshot.ts";
import { deskAddress, deskMac, makeDesk, type Desk, type Sent } from "./testing/desk.ts";
import { wireConfig } from "./testing/wire.ts";

const us: [number, Uint8Array] = [54, addressesValue(deskAddress)];
const wants = (address: string): [number, Uint8Array] => [50, addressesValue(address)];
const kind = (sent: Sent[]): string => sent.map(({ message }) => message.options.get(53)?.[0]).join();
const first = "10.77.100.1";
const host = { mac: deskMac, address: "10.77.0.50", subnet_id: 1, hostname: "node-1" };

/** DISCOVER and REQUEST; answers the ACK's address. */
async function join4(desk: Desk, mac: string, options: [number, Uint8Array][] = []): Promise<string | undefined> {
  const [offer] = await desk.ask("discover", { mac }, options);
  if (offer === undefined) return undefined;
  const [ack] = await desk.ask("request", { mac }, [us, wants(offer.message.yourAddress), ...options]);
  return ack?.message.options.get(53)?.[0] === 5 ? ack.message.yourAddress : undefined;
}

test("a new client is offered an address and gets it after the region stored the lease", async () => {
  const desk = makeDesk(wireConfig());
  const [offer] = await desk.ask("discover", {}, [[12, textValue("Web.example")]]);
  assert.equal(offer?.message.yourAddress, first);
  assert.equal(readAddressOption(offer?.message.options ?? new Map(), 54), deskAddress);
  assert.equal(readU32Option(offer?.message.options ?? new Map(), 51), 600);
  assert.deepEqual(offer?.destination, { way: "hardware", address: first, port: 68 });
  assert.deepEqual(desk.asked.offers, [
    { mac: deskMac, subnet_id: 1, requested: null, hostname: "web", firmware: false },
  ]);
  const [ack] = await desk.ask("request", {}, [us, wants(first)]);
  assert.equal(ack?.message.options.get(53)?.[0], 5);
  assert.deepEqual(desk.asked.commits, [
    { mac: deskMac, subnet_id: 1, address: first, lease_seconds: 600, hostname: null },
  ]);
  assert.deepEqual(
    desk.events.map(({ type, address }) => [type, address]),
    [
      ["dhcp.discover", null],
      ["dhcp.offer", first],
      ["dhcp.request", first],
      ["dhcp.ack", first],
    ],
  );
});

test("a host entry and a known lease are answered without the region", async () => {
  const desk = makeDesk(wireConfig({ hosts: [host] }));
  desk.region.away = true;
  assert.equal(await join4(desk, deskMac), "10.77.0.50");
  assert.deepEqual([desk.asked.offers.length, desk.asked.commits.length, desk.renewals.waiting()], [0, 0, 1]);
  await desk.renewals.flush();
  assert.equal(desk.renewals.waiting(), 1, "kept for when the region is back");
});

test("a rack cut off renews known leases and stays silent to strangers", async () => {
  const desk = makeDesk(wireConfig());
  assert.equal(await join4(desk, deskMac), first);
  desk.region.away = true;
  const [ack] = await desk.ask("request", { clientAddress: first });
  assert.deepEqual(ack?.destination, { way: "client", address: first, port: 68 });
  assert.deepEqual(await desk.ask("discover", { mac: "52:54:00:00:00:09" }), []);
  assert.equal(desk.events.at(-1)?.data?.["code"], "region-unreachable");
});

test("renewals are told once per client, and a refusal ends the lease", async () => {
  const desk = makeDesk(wireConfig());
  await join4(desk, deskMac);
  desk.asked.commits.length = 0;
  for (let turn = 0; turn < 3; turn += 1) assert.equal(kind(await desk.ask("request", { clientAddress: first })), "5");
  await desk.renewals.flush();
  assert.equal(desk.asked.commits.length, 1);
  desk.mirror.remember({ mac: deskMac, address: "10.77.100.9", subnetId: 1, hostname: null, expiresAt: Infinity });
  assert.equal(kind(await desk.ask("request", { clientAddress: "10.77.100.9" })), "5");
  await desk.renewals.flush();
  assert.equal(kind(await desk.ask("request", { clientAddress: "10.77.100.9" })), "6");
});

test("one card has one address whatever client identifier its stages send", async () => {
  const desk = makeDesk(wireConfig());
  const addresses = new Set<string | undefined>();
  for (const id of [[], [[61, Uint8Array.of(0, 1, 2)]], [[61, Uint8Array.of(255, 9)]]] as [number, Uint8Array][][])
    addresses.add(await join4(desk, deskMac, id));
  assert.deepEqual([...addresses], [first]);
});

test("firmware gets thirty seconds, and its boot file; the question names the rack's address", async () => {
  const boot = { nextServer: deskAddress, bootFile: "bootx64.efi" };
  const desk = makeDesk(wireConfig(), { boot });
  const pxe: [number, Uint8Array][] = [
    [60, textValue("PXEClient:Arch:00007:UNDI:003000")],
    [93, u16Value(7)],
  ];
  const [offer] = await desk.ask("discover", {}, pxe);
  assert.equal(readU32Option(offer?.message.options ?? new Map(), 51), 30);
  assert.equal(offer?.message.bootFile, "bootx64.efi");
  assert.equal(desk.questions[0]?.rackAddress, deskAddress);
  assert.equal(desk.questions[0]?.client.kind, "pxe-uefi-x64");
  const silent = makeDesk(wireConfig(), { bootFails: true });
  assert.deepEqual(await silent.ask("discover", {}, pxe), [], "an answer without a boot file would end the boot");
});

test("a REQUEST for another server is forgotten, and that server is reported once", async () => {
  const desk = makeDesk(wireConfig());
  const other: [number, Uint8Array] = [54, addressesValue("10.77.0.200")];
  await desk.ask("discover");
  assert.deepEqual(await desk.ask("request", {}, [other, wants("10.77.3.3")]), []);
  assert.deepEqual(await desk.ask("request", {}, [other, wants("10.77.3.3")]), []);
  const problems = desk.events.filter(({ type }) => type === "network.problem");
  assert.deepEqual(
    problems.map(({ failure, data }) => [failure?.code, data?.["address"], data?.["device"]]),
    [["foreign-dhcp-server", "10.77.0.200", "br0"]],
  );
});

test("NAK: an address of another network, of another client, and one that is not the client's own", async () => {
  const desk = makeDesk(wireConfig());
  await join4(desk, "52:54:00:00:00:01");
  await join4(desk, deskMac);
  assert.equal(kind(await desk.ask("request", {}, [wants("192.168.1.5")])), "6");
  assert.equal(kind(await desk.ask("request", {}, [wants(first)])), "6");
  assert.equal(kind(await desk.ask("request", { mac: "52:54:00:00:00:03" }, [us, wants(first)])), "6");
  const [nak] = await desk.ask("request", { clientAddress: "10.77.100.77" });
  assert.deepEqual(nak?.destination, { way: "broadcast", address: "255.255.255.255", port: 68 });
});

test("a relayed client is served from its relay's subnet, with option 82 back", async () => {
  const config = wireConfig();
  const [one] = config.subnets;
  assert.ok(one);
  config.subnets.push({ ...one, id: 2, cidr: "10.88.0.0/24", ranges: [{ first: "10.88.0.10", last: "10.88.0.20" }] });
  const desk = makeDesk(config);
  const agent = Uint8Array.of(1, 2, 0, 7);
  const [offer] = await desk.ask("discover", { relayAddress: "10.88.0.1" }, [[82, agent]]);
  assert.equal(offer?.message.yourAddress, "10.88.0.10");
  assert.deepEqual(offer?.destination, { way: "relay", address: "10.88.0.1", port: 67 });
  assert.deepEqual(Buffer.from(offer?.message.options.get(82) ?? []), Buffer.from(agent));
  const override = Uint8Array.of(5, 4, 10, 88, 0, 0, 11, 4, 10, 88, 0, 1);
  const [second] = await desk.ask("discover", { mac: "52:54:00:00:00:08" }, [[82, override]]);
  assert.equal(readAddressOption(second?.message.options ?? new Map(), 54), "10.88.0.1");
  const named: [number, Uint8Array] = [54, addressesValue("10.88.0.1")];
  const address = second?.message.yourAddress ?? "";
  const sent = await desk.ask("request", { mac: "52:54:00:00:00:08" }, [named, wants(address), [82, override]]);
  assert.equal(kind(sent), "5");
});

test("a declined address is reported and not given again; only its client may decline it", async () => {
  const desk = makeDesk(wireConfig());
  await join4(desk, deskMac);
  await desk.ask("decline", { mac: "52:54:00:00:00:07" }, [us, wants(first)]);
  assert.deepEqual(desk.asked.reports, []);
  await desk.ask("decline", {}, [us, wants(first)]);
  assert.deepEqual(desk.asked.reports, [{ action: "decline", mac: deskMac, subnet_id: 1, address: first }]);
  assert.equal(desk.events.at(-1)?.failure?.code, "address-in-use");
  assert.equal(await join4(desk, deskMac), "10.77.100.2");
});

test("RELEASE frees the address, INFORM gets configuration and no lease", async () => {
  const desk = makeDesk(wireConfig());
  await join4(desk, deskMac);
  const [inform] = await desk.ask("inform", { clientAddress: "10.77.9.9" });
  assert.equal(inform?.message.yourAddress, "0.0.0.0");
  assert.equal(inform?.message.options.has(51), false);
  assert.deepEqual(inform?.destination, { way: "client", address: "10.77.9.9", port: 68 });
  await desk.ask("release", { clientAddress: first }, [us]);
  assert.deepEqual(desk.asked.reports, [{ action: "release", mac: deskMac, subnet_id: 1, address: first }]);
  assert.equal(await join4(desk, "52:54:00:00:00:02"), first);
});

test("subnets without DHCP are silent, those without a range refuse strangers only", async () => {
  const off = wireConfig();
  for (const subnet of off.subnets) subnet.dhcp = false;
  assert.deepEqual(await makeDesk(off).ask("discover"), []);
  const bare = wireConfig({ hosts: [host] });
  for (const subnet of bare.subnets) subnet.ranges = [];
  const desk = makeDesk(bare);
  assert.equal(await join4(desk, deskMac), "10.77.0.50");
  assert.deepEqual(await desk.ask("discover", { mac: "52:54:00:00:00:02" }), []);
  assert.equal(desk.events.at(-1)?.data?.["code"], "no-dynamic-range");
});

test("a client that floods is held back, bad packets are counted and reported now and then", async () => {
  const desk = makeDesk(wireConfig(), { limits: { burstPerMac: 3, ratePerMac: 1 } });
  for (let turn = 0; turn < 5; turn += 1) await desk.ask("discover");
  await desk.raw(Buffer.from("junk"));
  await desk.raw(new Uint8Array(5000));
  desk.watch.tick();
  desk.watch.tick();
  const reports = desk.events.filter(({ type }) => type === "dhcp.malformed");
  assert.deepEqual(reports[0]?.data?.["dropped"], { rate: 2, malformed: 2 });
  assert.equal(reports.length, 1);
  desk.clock.now += 1000;
  assert.equal(kind(await desk.ask("discover")), "2");
});

test("a flood of events is cut and counted", async () => {
  const desk = makeDesk(wireConfig(), { limits: { eventBurst: 10, eventRate: 1 } });
  for (let turn = 0; turn < 8; turn += 1) await join4(desk, `52:54:00:00:01:0${turn}`);
  assert.equal(desk.events.length, 10);
  desk.watch.tick();
  assert.match(desk.events.at(-1)?.message ?? "", /^DHCP: 22 further events were not listed$/);
});

test("no bytes make the handler fail", async () => {
  const desk = makeDesk(wireConfig(), { limits: { burstPerMac: 1e9, eventBurst: 1e9 } });
  await desk.ask("discover");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 240, maxLength: 400 }), fc.nat(9), async (noise, type) => {
      const bytes = Buffer.from(noise);
      Buffer.from([1, 1, 6, 0]).copy(bytes);
      Buffer.from("63825363", "hex").copy(bytes, 236);
      await desk.raw(Buffer.concat([bytes.subarray(0, 240), Buffer.of(53, 1, type), bytes.subarray(240)]));
    }),
    { numRuns: 400 },
  );
  assert.deepEqual(
    desk.events.filter(({ type }) => type === "rack.problem"),
    [],
  );
});

test("two clients never hold one address in the mirror; a reservation beats another's lease", () => {
  const mirror = createMirror();
  mirror.update(wireConfig());
  const subnet = mirror.subnet(1);
  assert.ok(subnet);
  const lease = (mac: string) => ({ mac, address: first, subnetId: 1, hostname: null, expiresAt: 1000 });
  mirror.remember(lease("a"));
  mirror.remember(lease("b"));
  assert.equal(mirror.known("a", [subnet], 0), undefined);
  assert.equal(mirror.known("b", [subnet], 0)?.address, first);
  mirror.update(wireConfig({ version: 2, hosts: [{ ...host, mac: "c", address: first }] }));
  assert.equal(mirror.known("b", [subnet], 0), undefined);
  mirror.sweep(5000, 1000);
  assert.equal(mirror.leaseCount(), 0);
});

test("the snapshot is what the mirror knows; a broken one is refused by name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rw-dhcp-"));
  try {
    assert.equal(await loadSnapshot(folder), undefined);
    const mirror = createMirror();
    mirror.update(wireConfig({ hosts: [host] }));
    const expiresAt = Date.parse("2026-01-01T00:10:00Z");
    mirror.remember({ mac: "52:54:00:00:00:01", address: first, subnetId: 1, hostname: null, expiresAt });
    const document = mirror.document();
    assert.ok(document);
    await saveSnapshot(folder, document);
    assert.deepEqual(await loadSnapshot(folder), document);
    assert.equal(document.leases[0]?.expires_at, "2026-01-01T00:10:00.000Z");
    const text = await readFile(join(folder, "dhcp.json"), "utf8");
    await writeFile(join(folder, "dhcp.json"), text.slice(0, 100));
    await assert.rejects(loadSnapshot(folder), /dhcp\.json cannot be used: .* Remove it/s);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("requests travel in batches, in order, and a failure reaches each of them", async () => {
  const sizes: number[] = [];
  const limits = { waitMilliseconds: 1, largest: 3, inFlight: 2 };
  const double = batched(async (items: number[]) => {
    sizes.push(items.length);
    if (items.includes(13)) throw new Error("unlucky");
    return items.map((item) => item * 2);
  }, limits);
  assert.deepEqual(await Promise.all([1, 2, 3, 4, 5, 6, 7].map(double)), [2, 4, 6, 8, 10, 12, 14]);
  assert.deepEqual(sizes, [3, 3, 1]);
  const outcomes = await Promise.allSettled([13, 14].map(double));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  const short = batched(async () => [], limits);
  await assert.rejects(short(1), /0 answers for 1 lease requests/);
});
