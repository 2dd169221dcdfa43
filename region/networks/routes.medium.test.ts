import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import type { Lease } from "./lease-list.ts";
import type { Subnet } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { testDatabase } from "../database/testing.ts";
import { buildApp } from "../http/app.ts";
import { noLog } from "../log.ts";
import { registerNetworkRoutes } from "./routes.ts";

const database = await testDatabase();
const { db } = database;
const now = new Date("2026-01-01T00:00:00Z");
const allow = (): Promise<void> => Promise.resolve();
const app = buildApp({ log: noLog });
app.decorateRequest("caller", null);
app.addHook("onRequest", async (incoming) => {
  incoming.caller = { id: 1, username: "root", administrator: true };
});
registerNetworkRoutes(app, { db, clock: { now: () => now }, guards: { user: allow, administrator: allow } });
await app.ready();
after(async () => {
  await app.close();
  await database.close();
});
beforeEach(async () => {
  await sql`truncate subnets, machines restart identity cascade`.execute(db);
  await db.deleteFrom("racks").execute();
});

type Method = "GET" | "POST" | "PATCH" | "DELETE";
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the answer expected
async function ask<T>(method: Method, path: string, payload?: object): Promise<{ status: number; body: T }> {
  const answer = await app.inject({ method, url: `/api/v1${path}`, ...(payload === undefined ? {} : { payload }) });
  return { status: answer.statusCode, body: (answer.body === "" ? null : answer.json()) as T };
}
type Refusal = { detail: string; failures?: { field: string; allowed: string }[] };
const wanted = {
  cidr: "10.0.0.0/24",
  gateway: "10.0.0.1",
  dhcp: true,
  dynamic_ranges: [{ first: "10.0.0.10", last: "10.0.0.20" }],
};

test("a subnet is made, read, listed by pages, changed and deleted", async () => {
  const made = await ask<Subnet>("POST", "/subnets", { ...wanted, dns_servers: ["9.9.9.9", "1.1.1.1"] });
  assert.equal(made.status, 201);
  const expected = {
    ...wanted,
    id: made.body.id,
    name: "10.0.0.0/24",
    description: "",
    vlan_id: 5001,
    dns_servers: ["9.9.9.9", "1.1.1.1"],
    ntp_servers: [],
    mtu: null,
    managed: true,
    rdns_mode: 2,
    active_discovery: false,
    allow_dns: true,
    allow_proxy: true,
    disabled_boot_architectures: [],
  };
  assert.deepEqual(made.body, expected);
  assert.deepEqual((await ask("GET", `/subnets/${made.body.id}`)).body, expected);
  await ask("POST", "/subnets", { cidr: "10.0.1.0/24" });
  const page = await ask<{ items: Subnet[]; next: string }>("GET", "/subnets?limit=1");
  assert.deepEqual([page.body.items.length, page.body.next], [1, String(made.body.id)]);
  const rest = await ask<{ items: Subnet[]; next: null }>("GET", `/subnets?limit=1&cursor=${page.body.next}`);
  assert.deepEqual([rest.body.items[0]?.cidr, rest.body.next], ["10.0.1.0/24", null]);
  const changed = await ask<Subnet>("PATCH", `/subnets/${made.body.id}`, { mtu: 9000, gateway: null });
  assert.deepEqual(changed.body, { ...expected, mtu: 9000, gateway: null });
  assert.equal((await ask("DELETE", `/subnets/${made.body.id}`)).status, 204);
  assert.equal((await ask("GET", `/subnets/${made.body.id}`)).status, 404);
});

test("what breaks a rule is refused with the field and what is allowed", async () => {
  const interfaces = json([{ name: "eth0", mac: null, addresses: ["10.0.0.15/24"] }]);
  await db
    .insertInto("racks")
    .values({ name: "r", secret: Buffer.alloc(32), interfaces })
    .execute();
  const refused = async (body: object): Promise<string> => {
    const { status, body: problem } = await ask<Refusal>("POST", "/subnets", body);
    assert.ok(status === 400 || status === 422, String(status));
    return JSON.stringify(problem);
  };
  assert.match(await refused({ ...wanted, cidr: "10.0.0.7/24" }), /did you mean 10\.0\.0\.0\/24/);
  assert.match(await refused({ ...wanted, cidr: "10.0.0.0/33" }), /cidr/);
  assert.match(await refused({ ...wanted, gateway: "10.9.0.1" }), /gateway/);
  assert.match(await refused(wanted), /10\.0\.0\.15, the address of a rack controller/);
  assert.match(await refused({ cidr: "10.0.0.0/24", dhcp: true }), /must have at least one range where dhcp is true/);
  assert.equal((await ask("GET", "/subnets?cursor=x")).status, 400);
  await ask("POST", "/subnets", { cidr: "10.0.0.0/24" });
  const overlap = await ask<Refusal>("POST", "/subnets", { cidr: "10.0.0.0/16" });
  assert.deepEqual([overlap.status, overlap.body.detail], [409, "Subnet 10.0.0.0/16 overlaps the subnet 10.0.0.0/24."]);
});

test("leases that run are listed by pages and filters; a subnet machines live on is not deleted", async () => {
  const { body: subnet } = await ask<Subnet>("POST", "/subnets", wanted);
  await db.insertInto("machines").values({ id: "aaaaaa", hostname: "one", status: "ready" }).execute();
  await db.insertInto("interfaces").values({ machine_id: "aaaaaa", name: "eth0", mac: "52:54:00:00:00:01" }).execute();
  for (const [last, seconds] of [
    [11, 60],
    [12, 60],
    [9, -1],
  ] as const)
    await db
      .insertInto("leases")
      .values({
        subnet_id: subnet.id,
        address: `10.0.0.${last}`,
        mac: `52:54:00:00:00:0${last - 10 < 0 ? 9 : last - 10}`,
        state: "leased",
        hostname: null,
        expires_at: new Date(now.getTime() + seconds * 1000),
      })
      .execute();
  const first = await ask<{ items: Lease[]; next: string }>("GET", "/leases?limit=1");
  assert.deepEqual(first.body, {
    items: [
      {
        subnet_id: subnet.id,
        address: "10.0.0.11",
        mac: "52:54:00:00:00:01",
        hostname: null,
        expires_at: "2026-01-01T00:01:00.000Z",
      },
    ],
    next: `${subnet.id},10.0.0.11`,
  });
  const second = await ask<{ items: Lease[]; next: null }>("GET", `/leases?limit=1&cursor=${first.body.next}`);
  assert.deepEqual([second.body.items[0]?.address, second.body.next], ["10.0.0.12", null]);
  const ofOne = await ask<{ items: Lease[] }>("GET", "/leases?mac=52-54-00-00-00-02");
  assert.deepEqual(
    ofOne.body.items.map(({ address }) => address),
    ["10.0.0.12"],
  );
  for (const cursor of ["x", "1", "1,2,3", "1,10.0.0.999"])
    assert.equal((await ask("GET", `/leases?cursor=${cursor}`)).status, 400, cursor);
  const kept = await ask<Refusal>("DELETE", `/subnets/${subnet.id}`);
  assert.deepEqual([kept.status, kept.body.detail], [409, "Subnet 10.0.0.0/24 is in use by one."]);
});
