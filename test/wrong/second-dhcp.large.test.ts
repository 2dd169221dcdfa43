import assert from "node:assert/strict";
import test from "node:test";
import { openIncident } from "./incident.ts";

await test("a forgotten router hands out addresses on the machines' network", { timeout: 60_000 }, async (t) => {
  await using incident = await openIncident({ name: "router", port: 15264 });
  const { site } = incident;
  const router = await site.lab.startStrangerDhcp();

  await t.test("the rack finds it by itself when it starts, and names address, MAC and device", async () => {
    await site.kill("rack");
    const told = await incident.event("network.problem", "the router is found", () => true, 15);
    assert.equal(told.failure?.code, "foreign-dhcp-server");
    const seen = await site.lab.run(["ip", "neighbour", "show", router.address]);
    const mac = /lladdr (\S+)/.exec(seen.stdout)?.[1];
    assert.ok(mac, seen.stdout);
    assert.equal(told.data["mac"], mac);
    assert.equal(told.data["address"], router.address);
    assert.equal(told.message, `Another DHCP server, ${router.address} (${mac}), answers on ${site.lab.rackInterface}`);
    assert.match(
      told.failure?.evidence[0] ?? "",
      new RegExp(`^OFFER from ${router.address.replaceAll(".", "\\.")} of `),
    );
    assert.match(
      told.failure?.next ?? "",
      new RegExp(`Turn the server at ${router.address.replaceAll(".", "\\.")} off`),
    );
  });

  await t.test("it is told once, not with every packet, and machines are served once it is gone", async () => {
    const station = await incident.plug("asks", "02:00:5e:00:04:01");
    assert.ok(await station.lease(), "somebody answers");
    await router.stop();
    const lease = await station.lease();
    assert.equal(lease?.["serverid"], site.lab.rackAddress);
    await incident.event("dhcp.ack", "our answer is in the stream", ({ mac }) => mac === station.mac);
    const told = (await incident.allEvents()).filter(({ type }) => type === "network.problem");
    assert.equal(told.length, 1);
  });
});
