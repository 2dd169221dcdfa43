import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestDatabase, somebodyWaits, testDatabase } from "../database/testing.ts";
import { noLog } from "../log.ts";
import { lockMachine } from "../machines/fire.ts";
import { testMachine } from "../machines/testing.ts";
import { tagChanged } from "./index.ts";
import { createTag, updateTag } from "./tags.ts";

const by = { actor: "root", now: new Date("2026-01-01T12:00:00Z") };
let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

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
      await somebodyWaits(database.db);
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
