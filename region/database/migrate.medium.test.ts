import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { sql } from "kysely";
import { migrate } from "./migrate.ts";
import { openPool } from "./pool.ts";
import { emptyDatabase, testDatabase } from "./testing.ts";

test("two regions that migrate at once both find the newest schema", async () => {
  const { url, drop } = await emptyDatabase();
  const pools = [openPool({ url }), openPool({ url })];
  await Promise.all(pools.map((pool) => migrate(pool)));
  const { rows } = await pools[0]!.query("select count(*)::int as count from kysely_migration");
  assert.ok(rows[0].count >= 1);
  await pools[0]!.query("select count(*) from machines");
  await pools[0]!.query("select count(*) from jobs.job");
  await Promise.all(pools.map((pool) => pool.end()));
  await drop();
});

test("a migration that fails is named and leaves nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rackwright-migrations-"));
  await writeFile(join(folder, "0001_good.sql"), "create table good (id int);");
  await writeFile(join(folder, "0002_bad.sql"), "create table half (id int); select nonsense;");
  const { url, drop } = await emptyDatabase();
  const pool = openPool({ url });
  await assert.rejects(migrate(pool, folder), /migration 0002_bad/);
  const { rows } = await pool.query("select to_regclass('half') as half");
  assert.deepEqual(rows, [{ half: null }]);
  await pool.end();
  await drop();
  await rm(folder, { recursive: true });
});

test("a test database has the schema, numbers for int8 and the built-in user", async () => {
  const { db, close } = await testDatabase();
  after(close);
  const { rows } = await sql<{ big: number }>`select 5::int8 as big`.execute(db);
  assert.deepEqual(rows, [{ big: 5 }]);
  const users = await db.selectFrom("users").select(["username", "administrator"]).execute();
  assert.deepEqual(users, [{ username: "root", administrator: true }]);
});
