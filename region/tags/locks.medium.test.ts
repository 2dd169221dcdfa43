import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { noLog } from "../log.ts";
import { lockMachine } from "../machines/fire.ts";
import { testMachine } from "../machines/testing.ts";
import { tagChanged } from "./index.ts";
import { createTag, updateTag } from "./tags.ts";

const by = { actor: "root", now: new Date("2026-01-01T12:00:00Z") };
let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

/** Resolves once a statement of this database waits for a lock. */
async function somebodyWaits(): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db);
    if (rows.length > 0) return;
    await sleep(50);
  }
  assert.fail("nobody waits for a lock");
}

const definition = (text: string) => ({ definition: text, definition_kind: "filter" as const });
const create = (name: string, text: string) =>
  createTag(database.db, { name, comment: "", kernel_options: "", ...definition(text) }, by);

/** Ways in which machines lose one automatic tag and get another at the same moment. */
const movers = {
  "by the tagger": async () => {
    await database.db.updateTable("machines").set({ serial: "moved" }).execute();
    return () => tagChanged(database.db, noLog);
  },
  "by another definition": async () => () => updateTag(database.db, "seen", definition("serial:*"), by),
};

for (const [name, prepare] of Object.entries(movers))
  test(`a machine can be deleted while its automatic tags are found anew ${name}`, async (t) => {
    const { db } = database;
    const { id } = await testMachine(db, { serial: "here" });
    const { id: other } = await testMachine(db, { serial: "here" });
    t.after(async () => {
      await db.deleteFrom("tags").execute();
      await db.deleteFrom("machines").execute();
    });
    await create("seen", "serial:here");
    await create("moved", "serial:moved");
    await tagChanged(db, noLog);
    const move = await prepare();
    const { moving } = await db.transaction().execute(async (tx) => {
      await lockMachine(tx, id);
      const work = move();
      await somebodyWaits();
      await tx.deleteFrom("machines").where("id", "=", id).execute();
      return { moving: work };
    });
    await moving;
    const tagged = await db.selectFrom("machine_tags").select("machine_id").execute();
    assert.deepEqual(
      tagged.map(({ machine_id }) => machine_id),
      [other],
    );
  });
