import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Event, Subnet } from "@rackwright/contract";
import { endChild } from "./dhcp/testing/wire.ts";
import { Site, siteSkip } from "./testing-site.ts";
import { eventually, writeImage } from "./testing.ts";

const kernel = "kernel ".repeat(50_000);
const card = "52:54:00:aa:bb:01";

/** The rack's program against the region's on a virtual wire. Needs root and Debian's iproute2, busybox and curl. */
void describe("rack and region on a wire", { skip: siteSkip }, () => {
  let site: Site;
  let station: string;
  const curl = (...args: string[]): Promise<string> => site.curl(station, ...args);
  const served = "http://10.77.0.1:5248";

  before(async () => {
    site = await Site.make("rack");
    const store = join(site.folder, "store");
    await writeImage(store, "bootloaders", "bootloader", { "bootx64.efi": "shim", "undionly.kpxe": "ipxe" });
    const system = { "boot-kernel": kernel, "boot-initrd": "initrd", squashfs: "root" };
    await writeImage(store, "ephemeral-debian-12", "ephemeral", system);
    station = site.station("a", card);
    site.startRegion();
    site.startRack();
  });
  after(() => site.remove());

  void test("the rack links, its subnet is learnt, and a client gets an address once DHCP is turned on", async () => {
    const shown = await site.connected();
    assert.deepEqual(
      shown.interfaces.map(({ name, addresses }) => ({ name, addresses })),
      [{ name: "br0", addresses: ["10.77.0.1/24"] }],
    );
    const { items } = await site.api<{ items: Subnet[] }>("GET", "/subnets");
    assert.equal(items.find(({ cidr }) => cidr === "10.77.0.0/24")?.dhcp, false);
    await site.serveDhcp();
    assert.equal(await site.lease(station), "10.77.0.100");
    assert.equal(await site.lease(station), "10.77.0.100", "the same card gets the same address");
    const told = await eventually("the lease is in the stream", async () => {
      const { items } = await site.api<{ items: Event[] }>("GET", "/events?type=dhcp.ack&limit=10");
      return items.find(({ mac }) => mac === card);
    });
    assert.equal(told.rack, "rack1");
  });

  void test("an unknown machine is told to enlist, by script, and finds what the script names", async () => {
    const script = await curl(`${served}/ipxe.cfg-${card.replaceAll(":", "-")}`);
    assert.match(script, /^#!ipxe\necho Rackwright: rackwright-enlist: /);
    const [, url] = /^kernel (\S+) .* BOOTIF=01-52-54-00-aa-bb-01 /m.exec(script) ?? [];
    assert.equal(await curl(url ?? ""), kernel);
    assert.match(await curl(`${served}/grub/grub.cfg-${card}`), /^if linux \/images\//m);
    assert.match(
      await curl(`tftp://10.77.0.1/grub/grub.cfg-${card}`),
      /^if linux \(http,10\.77\.0\.1:5248\)\/images\//m,
    );
    assert.equal(await curl("tftp://10.77.0.1/BOOTX64.EFI"), "shim");
    const [, preseed] = /cloud-config-url=(\S+)/.exec(script) ?? [];
    assert.match(await curl("--fail", preseed ?? ""), /^#cloud-config/);
    assert.equal(await site.status(station, `${served}/images/${"0".repeat(64)}/x`), "404");
  });

  void test("with the region killed, and the rack restarted, known leases are renewed; later the region hears of it", async () => {
    const { region, rack } = site;
    assert.ok(region && rack);
    assert.equal(region.exitCode, null, "the region runs");
    const gone = once(region, "exit");
    region.kill("SIGKILL");
    await gone;
    assert.equal(await site.lease(station), "10.77.0.100");
    assert.equal(await site.status(station, `${served}/ipxe.cfg-52-54-00-00-00-99`), "503");
    await endChild(rack);
    site.startRack();
    await eventually("the rack serves from its snapshot", async () => (await site.lease(station)) === "10.77.0.100");
    site.startRegion();
    await site.connected();
    const repeated = await eventually("the events of the time without a region arrive", async () => {
      const { items } = await site.api<{ items: Event[] }>("GET", "/events?type=dhcp.ack&limit=100");
      return items.length >= 4 ? items : undefined;
    });
    assert.ok(repeated.every(({ mac }) => mac === card));
  });
});
