import assert from "node:assert/strict";
import { request } from "node:http";
import { after, beforeEach, test } from "node:test";
import { linkProofOf, type RackConfig, subnetCreate } from "@rackwright/contract";
import { sql } from "kysely";
import { testDatabase } from "../database/testing.ts";
import { createSubnet, listSubnets, updateSubnet } from "../networks/subnets.ts";
import { notifyRacks } from "./notify.ts";
import { RackPower, rankRacks } from "./power.ts";
import { ensureRack, listRacks } from "./rows.ts";
import { linkRack, openSocket, proveRack, testLinks } from "./testing.ts";

const database = await testDatabase();
after(() => database.close());
const { db } = database;
const secret = Buffer.alloc(32, 1);
const operator = { actor: "root", now: new Date() };
const hello = {
  version: "1.0",
  http_port: 5248,
  interfaces: [
    { name: "eth0", mac: "52:54:00:00:00:01", addresses: ["10.0.0.1/24"] },
    { name: "wg0", mac: null, addresses: ["10.99.0.1/32"] },
  ],
};

beforeEach(async () => {
  await sql`truncate subnets, events, machines restart identity cascade`.execute(db);
  await db.deleteFrom("racks").execute();
  await ensureRack(db, "rack1", secret);
});

test("a rack that proves its secret is linked, and the region proves it too", async (t) => {
  const region = await testLinks(database);
  t.after(region.close);
  const opened = openSocket(region.url);
  const { challenge, nonce } = await proveRack(opened, "rack1", secret);
  const accepted = (await opened.next()) as { proof: string };
  assert.equal(accepted.proof, linkProofOf(secret, "region", "rack1", nonce, challenge));
  opened.socket.close();
});

test("a wrong secret, an unknown rack, a played back proof, garbage and silence are refused alike", async (t) => {
  const region = await testLinks(database, { handshakeTimeout: 150 });
  t.after(region.close);
  const wrong = openSocket(region.url);
  await proveRack(wrong, "rack1", Buffer.alloc(32, 2));
  assert.equal(await wrong.closed, 4401);

  const unknown = openSocket(region.url);
  await proveRack(unknown, "rack9", secret);
  assert.equal(await unknown.closed, 4401);

  const good = openSocket(region.url);
  const { frame } = await proveRack(good, "rack1", secret);
  await good.next();
  const replay = openSocket(region.url);
  await replay.next();
  replay.socket.send(JSON.stringify(frame));
  assert.equal(await replay.closed, 4401);
  good.socket.close();

  for (const text of ["", "garbage", "{}", "[]", '{"rack":"rack1","nonce":"0","proof":"0"}']) {
    const other = openSocket(region.url);
    await other.next();
    other.socket.send(text);
    assert.equal(await other.closed, 4401, text);
  }
  const silent = openSocket(region.url);
  assert.equal(await silent.closed, 4401);
  assert.deepEqual(region.links.connections(), []);
});

test("frames over the limit, binary frames and frames that are no message end the link", async (t) => {
  const region = await testLinks(database, { frameLimit: 10_000 });
  t.after(region.close);
  const big = await linkRack(region.url, "rack1", secret);
  big.socket.send("x".repeat(10_001));
  assert.equal(await big.closed, 1009);
  const binary = await linkRack(region.url, "rack1", secret);
  binary.socket.send(Buffer.from("{}"));
  assert.equal(await binary.closed, 1003);
  const garbage = await linkRack(region.url, "rack1", secret);
  garbage.socket.send("garbage");
  assert.equal(await garbage.closed, 1008);
});

test("other upgrade paths are not found", async (t) => {
  const region = await testLinks(database);
  t.after(region.close);
  const status = await new Promise((resolve) => {
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "x",
      "sec-websocket-version": "13",
    };
    const asked = request(region.url.replace("ws:", "http:").replace("/link", "/other"), { headers });
    asked.on("response", (answer) => resolve(answer.statusCode));
    asked.end();
  });
  assert.equal(status, 404);
});

test("hello teaches subnets with DHCP off, tells the configuration and shows the rack as connected until it goes", async (t) => {
  const region = await testLinks(database);
  t.after(region.close);
  await createSubnet(db, subnetCreate.parse({ cidr: "10.99.0.0/16" }), operator);
  const rack = await linkRack(region.url, "rack1", secret);
  const config = await rack.peer.call("rack.hello", hello);
  assert.deepEqual(
    config.subnets.map(({ cidr, dhcp, ranges }) => ({ cidr, dhcp, ranges })),
    [
      { cidr: "10.99.0.0/16", dhcp: false, ranges: [] },
      { cidr: "10.0.0.0/24", dhcp: false, ranges: [] },
    ],
  );
  assert.deepEqual(config.racks, ["10.0.0.1", "10.99.0.1"]);
  const [shown] = await listRacks(db, new Date());
  assert.deepEqual([shown?.connected, shown?.version, shown?.interfaces.length], [true, "1.0", 2]);
  const [late] = await listRacks(db, new Date(Date.now() + 60_000));
  assert.equal(late?.connected, false, "a rack nobody has seen for a minute is not connected");
  rack.socket.close();
  await until(async () => (await listRacks(db, new Date()))[0]?.connected === false);
  const told = await db.selectFrom("events").select("type").orderBy("id").execute();
  assert.deepEqual(
    told.map(({ type }) => type),
    ["subnet.changed", "rack.connected", "rack.disconnected"],
  );
});

test("a newer link of the same rack replaces the older one, whose end changes nothing", async (t) => {
  const region = await testLinks(database);
  t.after(region.close);
  const first = await linkRack(region.url, "rack1", secret);
  await first.peer.call("rack.hello", hello);
  const second = await linkRack(region.url, "rack1", secret);
  assert.equal(await first.closed, 4409);
  await second.peer.call("rack.hello", hello);
  assert.equal((await listRacks(db, new Date()))[0]?.connected, true);
  assert.equal(region.links.connections().length, 1);
});

test("changes are pushed to racks of every region, equal documents are not sent again, versions grow", async (t) => {
  const regions = [await testLinks(database), await testLinks(database)];
  for (const region of regions) t.after(region.close);
  await ensureRack(db, "rack2", secret);
  const pushed: Record<string, RackConfig[]> = { rack1: [], rack2: [] };
  for (const [n, region] of regions.entries()) {
    const name = `rack${n + 1}`;
    const rack = await linkRack(region.url, name, secret, {
      "config.update": (config) => {
        pushed[name]?.push(config);
        return Promise.resolve({});
      },
    });
    await rack.peer.call("rack.hello", hello);
  }
  const [subnet] = await listSubnets(db);
  assert.ok(subnet);
  const before = pushed["rack1"]?.length ?? 0;
  const ranges = [{ first: "10.0.0.10", last: "10.0.0.20" }];
  await updateSubnet(db, subnet.id, { dhcp: true, dynamic_ranges: ranges }, operator);
  const served = (name: string) => pushed[name]?.at(-1)?.subnets.find(({ dhcp }) => dhcp);
  await until(() => served("rack1") !== undefined && served("rack2") !== undefined);
  assert.deepEqual(served("rack2")?.ranges, [{ first: "10.0.0.10", last: "10.0.0.20" }]);
  const count = pushed["rack1"]?.length ?? 0;
  assert.ok(count > before);
  await notifyRacks(db);
  await updateSubnet(db, subnet.id, { mtu: 9000 }, operator);
  await until(() => served("rack1")?.mtu === 9000);
  assert.equal(pushed["rack1"]?.length, count + 1, "the notification without a change was not sent");
  const versions = pushed["rack1"]?.map(({ version }) => version) ?? [];
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
});

test("power goes to the rack on the BMC's network; failures of the rack arrive, and so does the lack of racks", async (t) => {
  const region = await testLinks(database);
  t.after(region.close);
  const power = new RackPower(region.links);
  const asked = {
    driver: "ipmi",
    parameters: { power_address: "10.0.0.77" },
    action: "on",
    boot_device: "pxe",
  } as const;
  const request = { ...asked, stop_mode: "hard" } as const;
  assert.equal(power.canReach("abcdef"), false);
  await assert.rejects(
    power.perform(request, "abcdef"),
    (error: { failure?: { code: string } }) => error.failure?.code === "no-rack",
  );
  const failure = { code: "bmc-auth", message: "no", evidence: [], next: "set it" };
  const rack = await linkRack(region.url, "rack1", secret, {
    "power.perform": ({ action }) =>
      action === "on" ? Promise.resolve({ state: "on" }) : Promise.reject(Object.assign(new Error("no"), { failure })),
  });
  await rack.peer.call("rack.hello", hello);
  assert.equal(power.canReach("abcdef"), true);
  assert.deepEqual(await power.perform(request, "abcdef"), { state: "on" });
  await assert.rejects(
    power.perform({ ...request, action: "off" }, "abcdef"),
    (error: { failure?: { code: string } }) => error.failure?.code === "bmc-auth",
  );
  const near = { interfaces: [{ name: "a", mac: null, addresses: ["10.5.0.1/16"] }] };
  const far = { interfaces: [{ name: "a", mac: null, addresses: ["10.6.0.1/16"] }] };
  assert.deepEqual(rankRacks([far, near], "10.5.9.9"), [near, far]);
  assert.deepEqual(rankRacks([far, near], undefined), [far, near]);
});

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end;) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail("did not happen within 5 s");
}
