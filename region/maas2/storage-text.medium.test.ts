import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { loadStorages } from "../storage/index.ts";
import { testDisk, testInventory } from "../storage/testing.ts";
import { testMachine } from "../machines/testing.ts";
import { storageForm, storageText } from "./storage-text.ts";
import { testWorld } from "./testing/world.ts";

type Listed = { system_id: string; blockdevice_set: { id: number; model: string }[] };

describe("the texts that lists show of storage", () => {
  let world: Awaited<ReturnType<typeof testWorld>>;
  let id: string;
  before(async () => {
    world = await testWorld();
    const inventory = testInventory({ disks: ["sda", "sdb"].map((name) => testDisk(name)), firmware: "bios" });
    id = await world.machine({ inventory: json(inventory), firmware: "bios", architecture: "amd64" });
    await world.make("POST", `machines/${id}/`, { op: "restore_storage_configuration" });
  });
  after(() => world.close());

  const list = async (): Promise<Listed> => {
    const [machine] = await world.make<Listed[]>("GET", "machines/", { query: { id } });
    assert.ok(machine);
    return machine;
  };
  const kept = async () =>
    (await world.db.selectFrom("storage_texts").selectAll().where("machine_id", "=", id).executeTakeFirst()) ?? null;
  const fresh = async (): Promise<string> => {
    const storage = (await loadStorages(world.db, [id])).get(id);
    assert.ok(storage);
    return storageText(storage);
  };
  const device = async (): Promise<number> => (await list()).blockdevice_set[1]?.id ?? 0;

  it("are kept by a list, and not by the view of one machine", async () => {
    await world.db.deleteFrom("storage_texts").execute();
    await world.make("GET", `machines/${id}/`);
    assert.equal(await kept(), null);
    await list();
    assert.deepEqual(await kept(), { machine_id: id, form: storageForm, text: await fresh() });
  });

  it("are what is shown while they are kept", async () => {
    const { blockdevice_set: shown } = await list();
    await sql`update storage_texts set text = replace(text, '"name":"sda"', '"name":"kept"')`.execute(world.db);
    assert.match(JSON.stringify(await list()), /"name":"kept"/);
    await world.db.deleteFrom("storage_texts").execute();
    assert.deepEqual((await list()).blockdevice_set, shown);
  });

  it("are gone with whatever they follow from", async () => {
    const [one, group, set] = [await device(), 900_001, 900_002];
    const changes = [
      sql`update block_devices set model = 'new' where id = ${one}`,
      sql`insert into block_devices (machine_id, name, size, block_size) values (${id}, 'sdx', 1000000000, 512)`,
      sql`update partitions set tags = '{a}' where machine_id = ${id}`,
      sql`insert into filesystems (machine_id, device_id, fstype, uuid) values (${id}, ${one}, 'ext4', 'u')`,
      sql`update filesystems set label = 'data' where device_id = ${one}`,
      sql`delete from filesystems where device_id = ${one}`,
      sql`insert into storage_cache_sets (id, machine_id, name) values (${set}, ${id}, 'cache0')`,
      sql`delete from storage_cache_sets where id = ${set}`,
      sql`insert into storage_groups (id, machine_id, kind, name, uuid) values (${group}, ${id}, 'lvm', 'vg9', 'u')`,
      sql`insert into block_devices (machine_id, name, size, block_size, group_id) values (${id}, 'lv', 1, 1, ${group})`,
      sql`delete from storage_groups where id = ${group}`,
      sql`update machine_storage set boot_disk_id = ${one} where machine_id = ${id}`,
      sql`delete from block_devices where id = ${one}`,
      sql`update machines set architecture = 'arm64' where id = ${id}`,
      sql`update machines set architecture = 'amd64' where id = ${id}`,
      sql`update machines set firmware = 'uefi' where id = ${id}`,
      sql`delete from partitions where machine_id = ${id}`,
    ];
    for (const change of changes) {
      await list();
      const { text } = (await kept()) ?? {};
      await change.execute(world.db);
      const what = change.compile(world.db).sql;
      assert.equal(await kept(), null, what);
      assert.notEqual(await fresh(), text, what);
      await list();
      assert.equal((await kept())?.text, await fresh(), what);
    }
  });

  it("stay when something else of the machine changes", async () => {
    await list();
    const { text } = (await kept()) ?? {};
    await world.make("PUT", `machines/${id}/`, { form: { description: "in the corner" } });
    assert.equal((await kept())?.text, text);
  });

  it("are not read where another version wrote them", async () => {
    const { blockdevice_set: shown } = await list();
    await world.db.updateTable("storage_texts").set({ form: 0, text: '"of":"old"' }).execute();
    assert.deepEqual((await list()).blockdevice_set, shown);
    assert.equal((await kept())?.text, await fresh());
  });

  it("are not kept of a machine that somebody is changing, and nobody waits for that", async () => {
    const { blockdevice_set: shown } = await list();
    await world.db.deleteFrom("storage_texts").execute();
    await world.db.transaction().execute(async (tx) => {
      await sql`select from machines where id = ${id} for update`.execute(tx);
      assert.deepEqual((await list()).blockdevice_set, shown);
      assert.equal(await kept(), null);
    });
  });

  it("leave the machines of a long list in their order, whichever of them are kept", async () => {
    const { db } = world;
    // Of more pages than are asked for at once, the last one not full.
    for (let count = 0; count < 330; count++) await testMachine(db);
    const whole = () => world.make<Listed[]>("GET", "machines/");
    const made = await db.selectFrom("machines").select("id").orderBy("created_at").orderBy("id").execute();
    const listed = await whole();
    assert.deepEqual(
      listed.map(({ system_id }) => system_id),
      made.map((machine) => machine.id),
    );
    for (const [nth, at] of [
      [3, 1],
      [150, 100],
    ]) {
      await sql`delete from storage_texts where machine_id in (select id from (
        select id, row_number() over (order by created_at, id) as at from machines) as numbered where at % ${nth} = ${at})`.execute(
        db,
      );
      assert.deepEqual(await whole(), listed);
    }
  });
});
