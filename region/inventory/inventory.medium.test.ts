import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Inventory, inventoryChanges, inventoryVersion, pageOf, twins } from "@rackwright/contract";
import { sql } from "kysely";
import { type TestApi, testApi } from "../http/testing.ts";
import { saveInventory } from "../machines/inventory.ts";
import { testInventory, testMachine } from "../machines/testing.ts";

let api: TestApi;
before(async () => (api = await testApi({ local: true })));
after(() => api.close());

const save = (id: string, inventory: Inventory) =>
  api.database.db.transaction().execute((tx) => saveInventory(tx, id, inventory, new Date()));
const get = async (url: string) => {
  const answer = await api.app.inject({ url });
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json<unknown>();
};

test("inventories are kept where the hardware changed, and the event tells what did", async () => {
  const { db } = api.database;
  const { id, mac } = await testMachine(db);
  const first = testInventory(mac);
  await save(id, first);
  await save(id, { ...first, kernel: "6.2.0" });
  const spare = { ...first.disks[0]!, name: "vdb", path: "/dev/vdb", serial: "S2" };
  await save(id, { ...first, disks: [...first.disks, spare] });
  await save(id, { ...first, cpu: { ...first.cpu, threads: 4 } });

  const versions = pageOf(inventoryVersion).parse(await get(`/api/v1/machines/${id}/inventories`));
  assert.deepEqual(
    versions.items.map(({ inventory }) => [inventory.disks.length, inventory.cpu.threads]),
    [
      [1, 4],
      [2, 2],
      [1, 2],
    ],
  );
  const page = pageOf(inventoryChanges);
  const newest = page.parse(await get(`/api/v1/machines/${id}/inventory-changes?limit=1`));
  assert.deepEqual(
    newest.items[0]?.changes.map(({ message }) => message),
    ["CPU threads 2 → 4", "disk vdb (20 GB serial S2) is gone"],
  );
  const older = page.parse(await get(`/api/v1/machines/${id}/inventory-changes?limit=1&cursor=${newest.next}`));
  assert.deepEqual(
    older.items[0]?.changes.map(({ message }) => message),
    ["disk vdb (20 GB serial S2) is new"],
  );
  assert.equal(older.next, null);

  const events = await db
    .selectFrom("events")
    .select(["level", "message"])
    .where("machine_id", "=", id)
    .where("type", "=", "machine.inventory")
    .orderBy("id")
    .execute();
  assert.deepEqual(
    events.map(({ level }) => level),
    ["info", "info", "warning", "warning"],
  );
  assert.equal(events[3]?.message, "hardware changed: CPU threads 2 → 4; disk vdb (20 GB serial S2) is gone");
});

test("a machine that is not there and a cursor that is none are told", async () => {
  const { id } = await testMachine(api.database.db);
  for (const [path, status] of [
    ["/api/v1/machines/zzzzzz/inventories", 400],
    ["/api/v1/machines/999999/inventory-changes", 404],
    [`/api/v1/machines/${id}/inventories?cursor=abc`, 400],
    ["/api/v1/twins?cursor=abc", 400],
  ] as const)
    assert.equal((await api.app.inject({ url: path })).statusCode, status, path);
  assert.deepEqual(await get(`/api/v1/machines/${id}/inventory-changes`), { items: [], next: null });
});

test("no more than a hundred inventories of a machine are kept", async () => {
  const { db } = api.database;
  const { id, mac } = await testMachine(db);
  await sql`insert into inventories (machine_id, inventory)
    select ${id}, ${JSON.stringify(testInventory(mac))}::jsonb from generate_series(1, 120)`.execute(db);
  await save(id, testInventory(mac, 2 ** 40));
  const { rows } = await sql<{ count: number; newest: number }>`
    select count(*) as count, (max(inventory #>> '{memory,total}'))::bigint as newest from inventories
    where machine_id = ${id}`.execute(db);
  assert.equal(rows[0]?.count, 100);
});

test("numbers no column holds do not keep an inventory from being saved", async () => {
  const { db } = api.database;
  const { id, mac } = await testMachine(db);
  const inventory = testInventory(mac, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER);
  const disk = { ...inventory.disks[0]!, size: Number.MAX_SAFE_INTEGER };
  await save(id, { ...inventory, disks: Array.from({ length: 2000 }, () => disk) });
  const row = await db
    .selectFrom("machines")
    .select(["cpu_count", "memory", "storage"])
    .where("id", "=", id)
    .executeTakeFirst();
  const most = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(row, { cpu_count: -most, memory: most, storage: most });
});

test("twins are listed model by model, also those whose inventory is older than the comparison", async () => {
  const { db } = api.database;
  const of = async (vendor: string, product: string, memory: number) => {
    const { id, mac } = await testMachine(db);
    const inventory = testInventory(mac, memory);
    inventory.dmi.system_vendor = vendor;
    inventory.dmi.system_product = product;
    await save(id, inventory);
    return id;
  };
  const lone = await of("Lone", "One", 2 ** 30);
  const [a, b, c] = [
    await of("Dell", "R640", 2 ** 30),
    await of("Dell", "R640", 2 ** 30),
    await of("Dell", "R640", 2 ** 31),
  ];
  await of("HPE", "DL360", 2 ** 30);
  await of("HPE", "DL360", 2 ** 30);
  await db.updateTable("machines").set({ traits: null }).where("id", "=", b).execute();

  const first = pageOf(twins).parse(await get("/api/v1/twins?limit=1"));
  const [dell] = first.items;
  assert.deepEqual([dell?.vendor, dell?.product, dell?.machines, dell?.alike], ["Dell", "R640", 3, false]);
  const memory = dell?.properties.find(({ property }) => property === "memory");
  assert.deepEqual([memory?.majority, memory?.different.map(({ id }) => id)], ["1.0 GiB", [c]]);
  assert.ok(dell?.properties.every(({ different }) => different.every(({ id }) => id !== a && id !== lone)));
  const second = pageOf(twins).parse(await get(`/api/v1/twins?limit=1&cursor=${first.next}`));
  assert.deepEqual([second.items[0]?.product, second.items[0]?.alike, second.next], ["DL360", true, null]);
});
