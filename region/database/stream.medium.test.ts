import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type RawBuilder, sql } from "kysely";
import { type Database, openDatabase, openPool } from "./pool.ts";
import { preparedAs } from "./prepare.ts";
import { testDatabase } from "./testing.ts";
import { RegionDatabase } from "./together.ts";

let home: Awaited<ReturnType<typeof testDatabase>>;
let db: RegionDatabase;
before(async () => {
  home = await testDatabase();
  // One connection: what does not give it back is found out by whoever asks next.
  db = new RegionDatabase(openPool({ url: home.url, size: 1 }));
});
after(async () => {
  await db.destroy();
  await home.close();
});

const stream = <T>(statement: RawBuilder<T>, of: Database = db) => of.getExecutor().stream(statement.compile(of), 1);
const alive = async (): Promise<void> => assert.deepEqual((await sql`select 1 as one`.execute(db)).rows, [{ one: 1 }]);

test("a marked statement is planned once for a connection, however it is read; others each time", async () => {
  const marked = (number: number) =>
    sql<{ number: number }>`${sql.raw(preparedAs("numbers"))} select ${number}::integer as number`;
  assert.deepEqual((await marked(1).execute(db)).rows, [{ number: 1 }]);
  assert.deepEqual((await marked(2).execute(db)).rows, [{ number: 2 }]);
  for await (const { rows } of stream(marked(3))) assert.deepEqual(rows, [{ number: 3 }]);
  const { rows } = await sql`select name from pg_prepared_statements`.execute(db);
  assert.deepEqual(rows, [{ name: "numbers" }]);
});

test("rows are read while PostgreSQL still works on later ones", async () => {
  const other = openDatabase({ url: home.url, size: 1 });
  try {
    await sql`select pg_advisory_lock(7)`.execute(other);
    const slow = sql<{ n: number }>`
      select n, repeat('x', 10000) as filler, case when n = 100 then pg_advisory_lock(7)::text end as waited
      from generate_series(1, 100) as n`;
    let seen = 0;
    let released = false;
    for await (const { rows } of stream(slow)) {
      seen += rows.length;
      if (released) continue;
      assert.ok(seen < 100, `${seen} rows came before the lock was given up`);
      released = true;
      await sql`select pg_advisory_unlock(7)`.execute(other);
    }
    assert.equal(seen, 100);
  } finally {
    await other.destroy();
  }
});

test("a statement that fails after some rows says so, and its connection is used again", async () => {
  const failing = sql<{ n: number }>`select 1 / (1000 - n) as n from generate_series(1, 2000) as n`;
  await assert.rejects(async () => {
    for await (const { rows } of stream(failing)) assert.ok(rows.length > 0);
  }, /division by zero/);
  await alive();
});

test("who stops reading gives the connection back", async () => {
  for await (const { rows } of stream(sql<{ n: number }>`select n from generate_series(1, 100000) as n`)) {
    assert.ok(rows.length > 0);
    break;
  }
  await alive();
});

test("a connection that breaks meanwhile ends the reading", async () => {
  const broken = openDatabase({ url: home.url, size: 1 });
  const last = sql`select n, case when n = 50 then pg_terminate_backend(pg_backend_pid()) end as gone, repeat('x', 10000) as filler
    from generate_series(1, 100) as n`;
  await assert.rejects(async () => {
    for await (const { rows } of stream(last, broken)) assert.ok(rows.length > 0);
  }, /terminat/i);
  await broken.destroy();
});

test("within a transaction around a request, what it did is read", async () => {
  await db.together({ undone: true }, async () => {
    await db.insertInto("settings").values({ name: "streamed", value: "1" }).execute();
    const found: unknown[] = [];
    for await (const { rows } of stream(sql`select name from settings where name = 'streamed'`)) found.push(...rows);
    assert.deepEqual(found, [{ name: "streamed" }]);
  });
});
