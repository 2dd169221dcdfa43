import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openDatabase, openPool } from "./pool.ts";
import { preparedAs } from "./prepare.ts";
import { testDatabase } from "./testing.ts";

test("sessions compile no plans, unless the URL of the database says otherwise", async (t) => {
  const { url, close } = await testDatabase();
  t.after(close);
  const jit = async (of: string): Promise<unknown> => {
    const pool = openPool({ url: of, size: 1 });
    try {
      return (await pool.query<{ jit: string }>("show jit")).rows[0]?.jit;
    } finally {
      await pool.end();
    }
  };
  assert.equal(await jit(url), "off");
  assert.equal(await jit(`${url}&options=${encodeURIComponent("-c jit=on")}`), "on");
});

test("a marked statement is planned once for a connection, others each time", async (t) => {
  const { url, close } = await testDatabase();
  t.after(close);
  const db = openDatabase({ url, size: 1 });
  try {
    for (const number of [1, 2]) {
      const marked = sql<{ number: number }>`${sql.raw(preparedAs("numbers"))} select ${number}::integer as number`;
      assert.deepEqual((await marked.execute(db)).rows, [{ number }]);
    }
    const { rows } = await sql`select name from pg_prepared_statements`.execute(db);
    assert.deepEqual(rows, [{ name: "numbers" }]);
  } finally {
    await db.destroy();
  }
});
