import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Event, forwardAuthorization, type Machine } from "@rackwright/contract";
import { Site, siteSkip } from "./testing-site.ts";
import { eventually, writeImage } from "./testing.ts";

const card = "52:54:00:aa:cc:01";
const served = "http://10.77.0.1:5248";

/** A region on another host than its rack: what a machine asks goes over the network, and the rack vouches for it. */
void describe("a rack linked over TCP", { skip: siteSkip }, () => {
  let site: Site;
  let machine: string;
  let stranger: string;
  let address: string;
  let id: string;
  const preseed = (base: string): string => `${base}/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`;

  before(async () => {
    site = await Site.make("tcp", "tcp");
    const system = { "boot-kernel": "kernel", "boot-initrd": "initrd", squashfs: "root" };
    await writeImage(join(site.folder, "store"), "ephemeral-debian-12", "ephemeral", system);
    machine = site.station("m", card);
    stranger = site.station("s", "52:54:00:aa:cc:02");
    site.startRegion();
    site.startRack();
    await site.connected();
    await site.serveDhcp();
    await site.wire.run(site.wire.rack, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
    address = await site.lease(machine);
    await site.lease(stranger);
    for (const station of [machine, stranger])
      await site.wire.run(station, "ip", "route", "add", "default", "via", "10.77.0.1");
  });
  after(() => site.remove());

  void test("a machine nobody knows gets the enlisting preseed and the user data it names, with its rack's address", async () => {
    const script = await site.curl(machine, `${served}/ipxe.cfg-${card.replaceAll(":", "-")}`);
    const [, url] = /cloud-config-url=(\S+)/.exec(script) ?? [];
    assert.match(url ?? "", /^http:\/\/10\.77\.0\.1:5248\/MAAS\/metadata\/latest\/enlist-preseed\//);
    const text = await site.curl(machine, "--fail", url ?? "");
    assert.match(text, /^#cloud-config/);
    assert.match(text, /http:\/\/10\.77\.0\.1:5248\/MAAS\/metadata\/enlist/);
    assert.match(
      await site.curl(machine, "--fail", `${served}/MAAS/metadata/enlist/2012-03-01/user-data`),
      /^#!\/bin\/sh/,
    );
  });

  void test("a machine introduces itself and is known by the lease of its own address", async () => {
    const unknown = { speed_mbps: null, vendor: null, product: null, driver: null };
    const eth0 = { ...unknown, name: "eth0", mac: card, link: true, addresses: [`${address}/24`], boot: true };
    const body = JSON.stringify({
      architecture: "amd64",
      firmware: "uefi",
      uuid: null,
      serial: null,
      interfaces: [eth0],
      bmc: null,
    });
    const json = ["-H", "content-type: application/json", "--data", body];
    const direct = await site.status(stranger, ...json, "http://10.78.0.2:5240/agent/v1/enlist");
    assert.equal(direct, "403");
    const answer = JSON.parse(await site.curl(machine, ...json, `${served}/agent/v1/enlist`)) as { system_id?: string };
    const { items } = await site.api<{ items: Machine[] }>("GET", "/machines");
    assert.deepEqual(
      items.map((one) => one.macs),
      [[card]],
      JSON.stringify(answer),
    );
    assert.equal(items[0]?.status, "commissioning");
    id = items[0].id;
  });

  void test("its preseed, with its credentials, goes to itself alone", async () => {
    assert.match(await site.curl(machine, "--fail", preseed(served)), /token_secret/);
    assert.equal(await site.status(stranger, preseed(served)), "403", "another machine through the rack");
    const claims = ["-H", `X-Forwarded-For: ${address}`, "-H", "X-Forwarded-Host: 10.77.0.1:5248"];
    assert.equal(await site.status(stranger, ...claims, preseed(served)), "403", "a claim through the rack");
    const direct = "http://10.78.0.2:5240";
    assert.equal(await site.status(stranger, ...claims, preseed(direct)), "403", "a claim past the rack");
    const request = {
      method: "GET",
      url: preseed(""),
      forwardedFor: address,
      forwardedHost: "10.77.0.1:5248",
    };
    const forged = forwardAuthorization(Buffer.alloc(32), "rack1", new Date(), request);
    const proof = ["-H", `X-Rackwright-Rack: ${forged}`];
    assert.equal(await site.status(stranger, ...claims, ...proof, preseed(direct)), "403", "a forged proof");
    const denied = await eventually("a refusal is told", async () => {
      const { items } = await site.api<{ items: Event[] }>("GET", `/events?type=metadata.denied&machine=${id}`);
      return items.length > 0 ? items : undefined;
    });
    assert.ok(denied.every(({ message }) => !message.includes("token")));
  });
});
