import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type pg from "pg";
import { migrate, migrationsFolder } from "../database/migrate.ts";
import { type Database, databaseOver, json, openPool } from "../database/pool.ts";
import { emptyDatabase } from "../database/testing.ts";
import { testInventory } from "../machines/testing.ts";
import { interfacesOf } from "./change.ts";
import { checkNetwork, configuredNetworkOf } from "./configure.ts";
import { ensureAllLinks } from "./ensure-links.ts";
import { disconnect, linkSubnet } from "./links.ts";

const now = new Date("2026-05-01T10:00:00Z");
const clock = { now: () => now };
const by = { caller: { id: 1, username: "root", administrator: true }, now };
/** More machines than a batch has. */
const crowd = 60;
let pool: pg.Pool;
let db: Database;
let drop: () => Promise<void>;
let queries = 0;

/** The schema as it was before interfaces had links, with machines in it, and then the newest. */
before(async () => {
  const old = await mkdtemp(join(tmpdir(), "rackwright-migrations-"));
  for (const file of await readdir(migrationsFolder))
    if (file < "0008") await copyFile(join(migrationsFolder, file), join(old, file));
  const made = await emptyDatabase();
  drop = made.drop;
  pool = openPool({ url: made.url });
  await migrate(pool, old);
  await rm(old, { recursive: true });
  await fill(pool);
  await migrate(pool);
  db = databaseOver(pool, () => {
    queries += 1;
  });
});
after(async () => {
  await db.destroy();
  await drop();
});

/** Machines of two cards each; of m001 everything is known, m002 was never commissioned. */
async function fill(to: pg.Pool): Promise<void> {
  await to.query(`insert into subnets (cidr, dhcp) values ('10.0.1.0/24', true), ('10.0.2.0/24', false)`);
  await to.query(
    `insert into machines (id, hostname, status, installed, boot_mac, inventory)
      select 'm' || lpad(n::text, 3, '0'), 'host-' || n, case n when 3 then 'deployed' else 'ready' end, n = 3,
        '02:00:00:00:01:' || lpad(to_hex(n), 2, '0'), case when n <> 2 then $1::jsonb end
      from generate_series(1, $2::int) as n`,
    [json(testInventory("02:00:00:00:01:01")), crowd],
  );
  await to.query(
    `insert into interfaces (machine_id, name, mac, details)
      select 'm' || lpad(n::text, 3, '0'), 'eth' || card, '02:00:00:00:0' || 2 - card || ':' || lpad(to_hex(n), 2, '0'),
        case when card = 0 then '{}' else jsonb_build_object('numa_node', n - 2) end
      from generate_series(1, $1::int) as n, generate_series(0, 1) as card order by n, card`,
    [crowd],
  );
  // Whoever boots is the second card.
  await to.query(
    `insert into leases (subnet_id, address, mac, state, expires_at) values
      (1, '10.0.1.11', '02:00:00:00:01:01', 'leased', $1), (2, '10.0.2.11', '02:00:00:00:02:01', 'leased', $1),
      (1, '10.0.1.12', '02:00:00:00:01:02', 'leased', $1), (2, '10.0.2.13', '02:00:00:00:01:03', 'leased', $1),
      (1, '10.0.1.14', '02:00:00:00:01:04', 'leased', $1)`,
    [new Date(now.getTime() + 60_000)],
  );
}
const ensure = () => ensureAllLinks(db, clock, new AbortController().signal);
const shown = async (id: string) =>
  (await interfacesOf(db, id, now)).map(({ name, vlan_id, links }) => [
    name,
    vlan_id,
    links.map(({ mode, subnet_id }) => `${mode} ${subnet_id ?? "-"}`),
  ]);
const nothing = [
  ["eth0", null, []],
  ["eth1", null, []],
];

it("takes no missing or impossible node of memory for one", async () => {
  const { rows } = await sql<{ nodes: (number | null)[] }>`
    select array_agg(numa_node order by id) as nodes from interfaces where machine_id in ('m001', 'm002')`.execute(db);
  assert.deepEqual(rows[0]?.nodes, [null, null, null, 0]);
});

it("leaves the boot card of a machine nobody set up its DHCP when another card is set up", async () => {
  const wanted = { mode: "static" as const, subnet_id: 2, default_gateway: false, force: false };
  await linkSubnet(db, "m004", "eth0", wanted, by);
  const boot = { eth1: { match: { macaddress: "02:00:00:00:01:04" }, dhcp4: true, "dhcp-identifier": "mac" } };
  const other = { eth0: { match: { macaddress: "02:00:00:00:02:04" }, addresses: ["10.0.2.1/24"] } };
  assert.deepEqual(await configuredNetworkOf(db, "m004", now), { version: 2, ethernets: { ...other, ...boot } });
  await linkSubnet(db, "m005", "eth0", { mode: "link_up", default_gateway: false, force: false }, by);
  assert.equal(await checkNetwork(db, "m005", now), null);
  await disconnect(db, "m005", "eth1", by);
  assert.match((await checkNetwork(db, "m005", now))?.message ?? "", /no interface gets an address/);
});

it("links machines of before, by their leases, in as many queries as there are batches and whoever else does so", async () => {
  const operated = [await shown("m004"), await shown("m005")];
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let locked = () => {};
  const isLocked = new Promise<void>((resolve) => (locked = resolve));
  const holder = db.transaction().execute(async (tx) => {
    await tx.selectFrom("machines").select("id").where("id", "=", "m006").forUpdate().execute();
    locked();
    await held;
  });
  await isLocked;
  const regions = Promise.all([ensure(), ensure()]);
  try {
    // One that somebody holds keeps none of its batch waiting.
    const isLinked = async (id: string) => (await interfacesOf(db, id, now)).some(({ links }) => links.length > 0);
    for (const deadline = Date.now() + 30_000; !(await isLinked("m050")); await sleep(10))
      assert.ok(Date.now() < deadline, "the others of the batch wait for a machine that is locked");
    assert.deepEqual(await shown("m006"), nothing);
  } finally {
    release();
  }
  await Promise.all([holder, regions]);

  assert.deepEqual(await shown("m001"), [
    ["eth0", 5001, ["link_up -"]],
    ["eth1", 5001, ["auto 1"]],
  ]);
  assert.deepEqual(await shown("m002"), nothing, "commissioning is to come");
  // Installed with DHCP, whatever the subnet's next machine gets.
  assert.deepEqual(await shown("m003"), [
    ["eth0", null, []],
    ["eth1", 5001, ["dhcp 2"]],
  ]);
  assert.deepEqual([await shown("m004"), await shown("m005")], operated);
  for (const id of ["m006", "m060"])
    assert.deepEqual(await shown(id), [
      ["eth0", null, []],
      ["eth1", null, ["dhcp -"]],
    ]);
  const { rows } = await sql<{ links: number }>`select count(*)::int as links from interface_links`.execute(db);
  // One of each boot card that was left, one of a card that is connected, and what the operator made of two machines.
  assert.equal(rows[0]?.links, crowd - 3 + 1 + 2);

  queries = 0;
  await ensure();
  assert.equal(queries, 1, "it is done");
  await sql`delete from interface_links l using interfaces i
    where i.id = l.interface_id and i.machine_id > 'm005'`.execute(db);
  queries = 0;
  await ensure();
  assert.ok(queries < 25, `${queries} queries for two batches`);
});
