import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { clientMessage } from "./dhcp-messages.ts";
import { openIncident } from "./incident.ts";

const known = "02:00:5e:00:08:01";
const unknown = "02:00:5e:00:08:02";
const racks = z.object({ items: z.array(z.object({ connected: z.boolean() })) });

await test("the rack is cut off from the region", { timeout: 120_000 }, async (t) => {
  await using incident = await openIncident({ name: "cutoff", port: 15268 });
  const { site, http } = incident;
  const { region, client } = site.controllers;
  const tenant = await incident.plug("tenant", known);
  const newcomer = await incident.plug("newcomer", unknown);
  /** What clients were given, by their own account. */
  const given: string[] = [];
  const lease = async (): Promise<string | undefined> => {
    const got = (await tenant.lease())?.["ip"];
    if (got !== undefined) given.push(`${new Date().toISOString()} ${got}`);
    return got;
  };
  const address = await lease();
  assert.ok(address);
  /** A client in state RENEWING (RFC 2131 4.3.2): unicast, its address in ciaddr. The answer comes to port 68. */
  const renew = async (): Promise<void> => {
    const bytes = clientMessage("request", known, { clientAddress: address, flags: 0 }, "system");
    const packets = [Buffer.from(bytes).toString("base64")];
    const [heard] = await tenant.exchange([
      { kind: "udp", host: site.lab.rackAddress, port: 67, packets, wait: 10_000, from: 68 },
    ]);
    assert.equal(heard?.packets.length, 1, "the renewal is answered");
    given.push(`${new Date().toISOString()} ${address} renewed`);
  };
  const connected = (): Promise<true> =>
    site.until("the rack is linked again", 30, async () =>
      (await client.get("/api/v1/racks", racks)).items.every((rack) => rack.connected) ? true : undefined,
    );
  /** When the rack acknowledged the tenant's address. A busy client may ask twice, and is then answered twice. */
  const acks = async (): Promise<string[]> =>
    (await incident.allEvents()).filter(({ type, mac }) => type === "dhcp.ack" && mac === known).map(({ at }) => at);
  const eachOnce = async (): Promise<void> => {
    const times = await acks();
    assert.deepEqual([...new Set(times)].sort(), times.toSorted(), "no event is told twice");
  };
  const arrived = (): Promise<true> =>
    site
      .until("the events of the time without a region arrive", 20, async () =>
        (await acks()).length >= given.length ? true : undefined,
      )
      .catch(async (error: unknown) => {
        const told = (await incident.allEvents()).filter(({ type }) => /^(dhcp|rack)/.test(type));
        const lines = told.map(({ at, type, mac, message }) => `${at} ${type} ${mac} ${message}`);
        throw new Error(`given:\n${given.join("\n")}\ntold:\n${lines.join("\n")}`, { cause: error });
      });

  await t.test("region and database stopped: who has an address keeps it", async () => {
    await region.stop();
    assert.equal(await lease(), address);
    await renew();
    assert.equal(await lease(), address);
  });

  await t.test("who has none gets no answer, and who asks for more a 503 that says why", async () => {
    assert.equal(await newcomer.lease("-t", "2"), undefined);
    const script = await tenant.get(`${http}/ipxe.cfg-02-00-5e-00-08-01`, "-D", "-");
    assert.equal(script.status, 503);
    assert.match(script.body, /retry-after: 5/i);
    const metadata = await tenant.get(`${http}/MAAS/metadata/latest/enlist-preseed/?op=get_enlist_preseed`);
    assert.equal(metadata.status, 503);
    assert.match(metadata.body, /^the rack cannot reach a region now: /);
    assert.equal((await tenant.get(`tftp://${site.lab.rackAddress}/bootx64.efi`)).body, "shim", "loaders are here");
  });

  await t.test("the rack restarted meanwhile serves what it knew", async () => {
    // Asked to end, as an upgrade does.
    process.kill(await site.pid("rack"), "SIGTERM");
    const again = await site.until("the rack answers", 20, lease);
    assert.equal(again, address);
  });

  await t.test(
    "the region is back: the rack links by itself, each event arrives once, new clients are served",
    async () => {
      region.start();
      await connected();
      await arrived();
      assert.ok(await newcomer.lease());
      await eachOnce();
      const told = await incident.event("dhcp.refused", "the refusal is told", ({ mac }) => mac === unknown);
      assert.equal(told.data["code"], "region-unreachable");
      await incident.event(
        "rack.problem",
        "the time without a region is told",
        ({ failure }) => failure?.code === "region-unreachable",
      );
    },
  );

  await t.test("a region that hangs keeps nobody from his address either", async () => {
    const pid = await site.pid("region");
    process.kill(pid, "SIGSTOP");
    try {
      assert.equal(await lease(), address);
      await renew();
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await connected();
    await arrived();
    assert.equal(await lease(), address);
    await arrived();
    await eachOnce();
  });
});
