import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDatabase, DatabaseUnusable } from "./check.ts";
import { openPool } from "./pool.ts";
import { emptyDatabase } from "./testing.ts";

async function complaintOf(url: string): Promise<unknown> {
  const pool = openPool({ url });
  try {
    return await checkDatabase(pool, url).then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    await pool.end();
  }
}

test("a database that can be used is taken; one that cannot is refused in words", async () => {
  const { url, drop } = await emptyDatabase();
  const pool = openPool({ url });
  const role = new URL(url).pathname.slice(1);
  try {
    assert.equal(await complaintOf(url), undefined);

    const missing = await complaintOf(url.replace(role, "nowhere"));
    assert.ok(missing instanceof DatabaseUnusable);
    assert.match(missing.message, /^PostgreSQL at .* has no database nowhere\.$/);
    assert.equal(missing.code, "database-unusable");
    assert.equal(missing.next, 'Make it: create database "nowhere" owner "rackwright".');

    const nobody = await complaintOf(url.replace("user=rackwright", "user=nobody"));
    assert.ok(nobody instanceof DatabaseUnusable);
    assert.match(nobody.message, /does not let user nobody in: /);

    await pool.query(`create role ${role} login`);
    const guest = await complaintOf(url.replace("user=rackwright", `user=${role}`));
    assert.ok(guest instanceof DatabaseUnusable);
    assert.equal(guest.message.startsWith(`User ${role} may not make schemas in the database ${role}`), true);
    await pool.query(`alter database ${role} owner to ${role}`);
    assert.equal(await complaintOf(url.replace("user=rackwright", `user=${role}`)), undefined);
  } finally {
    await pool.query(`alter database ${role} owner to rackwright; drop role if exists ${role}`);
    await pool.end();
    await drop();
  }
});

test("a server that does not answer is not the operator's mistake, and no password is told", async () => {
  const complaint = await complaintOf("postgresql://rackwright:Secret7@127.0.0.1:1/rackwright");
  assert.ok(complaint instanceof Error && !(complaint instanceof DatabaseUnusable));
  assert.match(complaint.message, /^PostgreSQL at 127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/);
  assert.ok(!complaint.message.includes("Secret7"));
});
