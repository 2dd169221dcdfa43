import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { foreignDhcpServer, type RackEvent, type RackInterface } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { testDatabase } from "../database/testing.ts";
import { takeRackEvents } from "../racks/events.ts";
import { learnSubnets } from "./learn.ts";
import { listVlans, updateVlan } from "./vlans.ts";

const database = await testDatabase();
after(() => database.close());
const { db } = database;
beforeEach(async () => {
  await sql`truncate subnets restart identity cascade`.execute(db);
  await sql`delete from vlans where id <> 5001`.execute(db);
  await sql`delete from fabrics where id <> 0`.execute(db);
});

const device = (name: string, addresses: string[], vlan?: RackInterface["vlan"]): RackInterface => ({
  name,
  mac: null,
  addresses,
  ...(vlan && { vlan }),
});
const learn = (rack: string, interfaces: RackInterface[]) =>
  db.transaction().execute((tx) => learnSubnets(tx, rack, interfaces));
/** What is known: subnet, number of its fabric in the order of making, tag. */
async function known(): Promise<string[]> {
  const { rows } = await sql<{ text: string }>`
    select host(s.cidr) || ' ' || (select count(*) from fabrics o where o.id < f.id) || '/' || v.vid as text
    from subnets s join vlans v on v.id = s.vlan_id join fabrics f on f.id = v.fabric_id order by s.cidr`.execute(db);
  return rows.map(({ text }) => text);
}

test("networks of one card are in one VLAN, those of another card on another fabric, tags on the fabric below", async () => {
  const made = await learn("rack1", [
    device("eth0", ["10.0.0.1/24", "10.0.1.1/24"]),
    device("eth1.20", ["10.2.0.1/24"], { vid: 20, parent: "eth1" }),
    device("eth1", ["10.1.0.1/24"]),
    device("lo", ["127.0.0.1/8"]),
    device("eth0.30", ["10.3.0.1/24"], { vid: 30, parent: "eth0" }),
  ]);
  assert.equal(made, 5);
  assert.deepEqual(await known(), ["10.0.0.0 0/0", "10.0.1.0 0/0", "10.1.0.0 1/0", "10.2.0.0 1/20", "10.3.0.0 0/30"]);
});

test("another rack on a known subnet learns the rest of its card into the same VLAN, and moved subnets stay moved", async () => {
  await learn("rack1", [device("eth0", ["10.0.0.1/24"])]);
  await sql`with made as (insert into vlans (fabric_id, vid) values (0, 77) returning id)
            update subnets set vlan_id = made.id from made`.execute(db);
  const second = [device("ens3", ["10.0.0.2/24", "10.0.9.2/24"]), device("ens4", ["10.5.0.1/24"])];
  assert.equal(await learn("rack2", second), 2);
  assert.deepEqual(await known(), ["10.0.0.0 0/77", "10.0.9.0 0/77", "10.5.0.0 1/0"]);
  assert.equal(await learn("rack2", second), 0);
  assert.equal(await learn("rack2", [...second, device("ens3.5", ["10.6.0.1/24"], { vid: 5, parent: "ens3" })]), 1);
  assert.deepEqual((await known()).at(-1), "10.6.0.0 0/5");
});

test("a DHCP server that is not ours is noted at the VLAN a rack saw it on, until it is forgotten", async () => {
  await learn("rack1", [device("eth0", ["10.0.0.1/24"]), device("eth1", ["10.1.0.1/24"])]);
  const interfaces = json([device("eth0", ["10.0.0.1/24"]), device("eth1", ["10.1.0.1/24"])]);
  await db
    .insertInto("racks")
    .values({ name: "rack1", secret: Buffer.alloc(32), interfaces })
    .execute();
  const event = (sequence: number, device: unknown, address: string | null, code: string): RackEvent => ({
    sequence,
    at: "2026-01-01T00:00:00.000Z",
    type: "network.problem",
    level: "warning",
    mac: null,
    address,
    message: "",
    data: { device },
    failure: { code, message: "", evidence: [], next: "" },
  });
  const told = [
    event(1, "eth1", "10.1.0.250", foreignDhcpServer.code),
    event(2, "eth1", "10.1.0.251", foreignDhcpServer.code),
    event(3, "eth0", "10.0.0.250", "another"),
    event(4, ["eth0"], "10.0.0.250", foreignDhcpServer.code),
    event(5, "eth0", "nonsense", foreignDhcpServer.code),
  ];
  await takeRackEvents(db, "rack1", "run", told, new Date());
  const noted = async () => (await listVlans(db, 0, 100)).map((vlan) => [vlan.vid, vlan.external_dhcp]);
  assert.deepEqual(await noted(), [
    [0, null],
    [0, "10.1.0.251"],
  ]);
  const id = (await listVlans(db, 5001, 1))[0]?.id ?? 0;
  await updateVlan(db, id, { external_dhcp: null }, { actor: "root", now: new Date() });
  assert.deepEqual((await noted())[1], [0, null]);
});

test("a known tag of a device says where its other tags are", async () => {
  await learn("rack1", [device("bond0.10", ["10.0.0.1/24"], { vid: 10, parent: "bond0" })]);
  const more = [
    device("bond0.10", ["10.0.0.2/24"], { vid: 10, parent: "bond0" }),
    device("bond0.11", ["10.1.0.2/24"], { vid: 11, parent: "bond0" }),
    device("bond0", ["10.2.0.2/24"]),
  ];
  assert.equal(await learn("rack2", more), 2);
  assert.deepEqual(await known(), ["10.0.0.0 0/10", "10.1.0.0 0/11", "10.2.0.0 0/0"]);
});
