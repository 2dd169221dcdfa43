import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { type Database, openDatabase } from "./pool.ts";
import { testDatabase } from "./testing.ts";
import { RegionDatabase } from "./together.ts";

let db: Database & RegionDatabase;
let url: string;
let close: () => Promise<void>;
before(async () => {
  const made = await testDatabase();
  assert.ok(made.db instanceof RegionDatabase);
  [db, url, close] = [made.db, made.url, made.close];
});
after(() => close());

const put = (on: Database, name: string, value: number) =>
  on
    .insertInto("settings")
    .values({ name, value: String(value) })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: String(value) }))
    .execute();
const names = async (like: string): Promise<string[]> =>
  (await db.selectFrom("settings").select("name").where("name", "like", `${like}%`).orderBy("name").execute()).map(
    ({ name }) => name,
  );
const change = (name: string, fails = false): Promise<void> =>
  db.transaction().execute(async (tx) => {
    await put(tx, name, 1);
    if (fails) throw new Error("no");
  });

test("what is asked in between is one transaction, in which those of the work are savepoints", async () => {
  await db.together({}, async () => {
    await change("a1");
    await assert.rejects(change("a2", true), /no/);
    // Several at once take turns.
    await Promise.all([change("a3"), change("a4", true).catch(() => {}), change("a5"), put(db, "a6", 1)]);
    assert.deepEqual(await names("a"), ["a1", "a3", "a5", "a6"]);
    const [row] = (
      await sql<{ others: number }>`select count(*) as others from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'`.execute(db)
    ).rows;
    assert.equal(row?.others, 0, "it takes one connection");
  });
  assert.deepEqual(await names("a"), ["a1", "a3", "a5", "a6"]);
});

test("work that throws, or that shall be undone, leaves nothing behind", async () => {
  await assert.rejects(
    db.together({}, async () => {
      await change("b1");
      throw new Error("afterwards");
    }),
    /afterwards/,
  );
  const seen = await db.together({ undone: true }, async () => {
    await change("b2");
    return names("b");
  });
  assert.deepEqual(seen, ["b2"]);
  assert.deepEqual(await names("b"), []);
});

test("a row that somebody else changed meanwhile is not changed by work that is isolated", async () => {
  await put(db, "c1", 1);
  const outside = openDatabase({ url, size: 2 });
  await assert.rejects(
    db.together({ isolated: true }, async () => {
      await names("c");
      await put(outside, "c1", 2);
      await db.transaction().execute((tx) => put(tx, "c1", 3));
    }),
    { code: "40001" },
  );
  await outside.destroy();
  const row = await db.selectFrom("settings").select("value").where("name", "=", "c1").executeTakeFirst();
  assert.equal(row?.value, 2);
});

test("a query that comes too late is refused, not done outside of the transaction", async () => {
  let late: Promise<unknown> = Promise.resolve();
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  await db.together({ undone: true }, async () => {
    late = gate.then(() => put(db, "d1", 1));
  });
  open();
  await assert.rejects(late, /had ended/);
  assert.deepEqual(await names("d"), []);
});
