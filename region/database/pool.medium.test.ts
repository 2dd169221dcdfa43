import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool } from "./pool.ts";
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
