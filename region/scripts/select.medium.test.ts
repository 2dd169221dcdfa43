import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { scriptsOf, selectForHardware, selectScripts } from "./select.ts";
import { testInventory } from "../storage/testing.ts";
import { createScript } from "./store.ts";
import { testScript } from "./testing.ts";

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
  const headers = [
    "name: read\ntype: testing\ntags: [disks]",
    "name: wipe\ntype: testing\ntags: [disks]\ndestructive: true",
    "name: wipe-virtio\ntype: testing\ntags: [disks]\ndestructive: true\nfor_hardware: [system_product:*]",
    "name: always\ntype: testing\ntags: [commissioning]",
  ];
  const at = { actor: "root", now: new Date("2026-01-02T03:04:05Z") };
  for (const header of headers)
    await database.db.transaction().execute((tx) => createScript(tx, { text: testScript(header) }, at));
});
after(() => database.close());

test("scripts run by name, by tag or by default; what destroys data only by its name or as such", async () => {
  const all = await database.db.transaction().execute((tx) => scriptsOf(tx, "testing"));
  const names = (words: readonly string[] | null) => selectScripts(all, "testing", words).map(({ name }) => name);
  assert.deepEqual(names(null), ["always"]);
  assert.deepEqual(names(["disks"]), ["read"]);
  assert.deepEqual(names(["disks", "wipe"]), ["read", "wipe"]);
  assert.deepEqual(names(["destructive"]), ["wipe"]);
  const plain = testInventory();
  const inventory = { ...plain, dmi: { ...plain.dmi, system_product: "KVM" } };
  const later = (words: readonly string[]) => selectForHardware(all, words, inventory).map(({ name }) => name);
  assert.deepEqual(later(["disks"]), []);
  assert.deepEqual(later(["destructive"]), ["wipe-virtio"]);
});
