import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { lease, machineDetail, pageOf } from "@rackwright/contract";
import { z } from "zod";
import { openIncident } from "./incident.ts";
import type { Site } from "../road/site.ts";

const tenants = 40;
const rounds = [
  ["postgres"],
  ["region"],
  ["rack"],
  ["postgres", "region"],
  ["rack", "region"],
  ["region", "rack", "postgres"],
] as const satisfies Parameters<Site["kill"]>[0][][];

await test("PostgreSQL, region and rack are killed again and again", { timeout: 120_000 }, async (t) => {
  await using incident = await openIncident({ name: "killed", port: 15270 });
  const { site } = incident;
  const { client } = site.controllers;
  const host = await incident.plug("tenants", "02:00:5e:00:0a:01", "10.77.0.20");
  const program = join(import.meta.dirname, "tenants-main.ts");
  const quiet = "--disable-warning=ExperimentalWarning";
  const clients = host.start(process.execPath, quiet, program, site.lab.rackAddress, String(tenants));
  const acks: { mac: string; address: string }[] = [];
  assert.ok(clients.stdout);
  createInterface({ input: clients.stdout }).on("line", (line) => {
    const [mac = "", address = ""] = line.split(" ");
    acks.push({ mac, address });
  });

  const acknowledged: string[] = [];
  const failures: string[] = [];
  const writing = { on: true };
  const writer = (async () => {
    for (let at = 0; writing.on; at++) {
      const mac = `02:00:5e:0b:${(at >> 8).toString(16).padStart(2, "0")}:${(at & 255).toString(16).padStart(2, "0")}`;
      await client
        .send("POST", "/api/v1/machines", { macs: [mac] }, machineDetail)
        .then(({ id }) => acknowledged.push(id))
        .catch((error: unknown) => failures.push(error instanceof Error ? error.message : String(error)));
      await sleep(20);
    }
  })();
  const racks = z.object({ items: z.array(z.object({ connected: z.boolean() })) });

  await t.test("each time all come back by themselves, and writes and leases go on", async () => {
    for (const victims of rounds) {
      const before = { written: acknowledged.length, acks: acks.length };
      for (const victim of victims) await site.kill(victim);
      await site.until(`after the end of ${victims.join(", ")} everything goes on`, 30, async () => {
        const { items } = await client.get("/api/v1/racks", racks);
        const goes = acknowledged.length > before.written + 10 && acks.length > before.acks + 10;
        return goes && items.every(({ connected }) => connected) ? true : undefined;
      });
    }
    await site.until("every client has an address", 20, async () =>
      new Set(acks.map(({ mac }) => mac)).size === tenants ? true : undefined,
    );
    writing.on = false;
    await writer;
    t.diagnostic(`${acknowledged.length} writes acknowledged, ${failures.length} refused; ${acks.length} leases given`);
  });

  await t.test("no acknowledged write is lost, and each has its event", async () => {
    const stored = new Set<string>();
    for await (const { id } of client.all("/api/v1/machines?limit=200", machineDetail.pick({ id: true })))
      stored.add(id);
    assert.deepEqual(
      acknowledged.filter((id) => !stored.has(id)),
      [],
    );
    const told = new Set((await incident.allEvents()).map(({ machine_id }) => machine_id));
    assert.deepEqual(
      acknowledged.filter((id) => !told.has(id)),
      [],
    );
  });

  await t.test("a refused write says that it may be tried again", async () => {
    const words = /^The database does not answer|^No region answers|socket hang up|ECONNRESET|EPIPE|belongs to machine/;
    assert.deepEqual(
      failures.filter((message) => !words.test(message)),
      [],
    );
  });

  await t.test("no address was given to two network cards, and what was given is stored", async () => {
    clients.kill("SIGTERM");
    const holders = new Map<string, Set<string>>();
    for (const { mac, address } of acks) holders.set(address, (holders.get(address) ?? new Set()).add(mac));
    const doubled = [...holders].filter(([, macs]) => macs.size > 1).map(([address, macs]) => [address, ...macs]);
    assert.deepEqual(doubled, []);
    const { items } = await client.get("/api/v1/leases?limit=500", pageOf(lease));
    const stored = new Map(items.map(({ mac, address }) => [mac, address]));
    for (const [address, [mac = ""]] of [...holders].map(([key, macs]) => [key, [...macs]] as const))
      assert.equal(stored.get(mac), address);
  });
});
