import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { InputError, NotFound } from "../errors.ts";
import type { Caller } from "../users/access.ts";
import { deleteController, updateController } from "./change.ts";
import { listControllers } from "./read.ts";
import { describeHost, regionSeen, registerRegion } from "./register.ts";

let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

const root: Caller = { id: 1, username: "root", administrator: true };
const start = new Date("2030-01-01T00:00:00Z");
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const self = {
  hostname: "brain",
  version: "1.0.0",
  architecture: "amd64" as const,
  addresses: ["192.0.2.1", "2001:db8::1"],
};

test("a region is one row of its host, alive as long as it gives signs of life", async () => {
  const { db } = database;
  await registerRegion(db, self, start);
  await registerRegion(db, { ...self, version: "1.1.0" }, later(10));
  const at = async (seconds: number) => (await listControllers(db, "region", later(seconds)))[0];
  const first = await at(20);
  assert.deepEqual(
    [first?.hostname, first?.version, first?.addresses, first?.alive],
    ["brain", "1.1.0", ["192.0.2.1", "2001:db8::1"], true],
  );
  assert.equal((await at(110))?.alive, false);
  await regionSeen(db, self, later(100));
  assert.equal((await at(110))?.alive, true);
  assert.equal((await listControllers(db, "region", later(110))).length, 1);
});

test("a region at work is deleted by force only, and comes back by its next sign of life", async () => {
  const { db } = database;
  await regionSeen(db, self, later(200));
  const id = (await listControllers(db, "region", later(200)))[0]?.system_id ?? "";
  const by = { caller: root, now: later(210) };
  await assert.rejects(deleteController(db, "region", id, { ...by, force: false }), InputError);
  await deleteController(db, "region", id, { ...by, force: true });
  assert.deepEqual(await listControllers(db, "region", later(210)), []);
  await assert.rejects(deleteController(db, "region", id, { ...by, force: true }), NotFound);
  await regionSeen(db, self, later(220));
  assert.equal((await listControllers(db, "region", later(220))).length, 1);
});

test("what is said of a rack is kept, and told in the audit", async () => {
  const { db } = database;
  const { system_id } = await db
    .insertInto("racks")
    .values({ name: "left", secret: Buffer.alloc(32) })
    .returning("system_id")
    .executeTakeFirstOrThrow();
  const by = { caller: root, now: later(300) };
  await updateController(db, "rack", system_id, { description: "by the door", zone: "default", domain: "0" }, by);
  const [rack] = await listControllers(db, "rack", later(300));
  assert.deepEqual([rack?.description, rack?.alive, rack?.domain_id], ["by the door", false, 0]);
  for (const change of [{ zone: "nowhere" }, { domain: "nowhere" }])
    await assert.rejects(updateController(db, "rack", system_id, change, by), InputError);
  await assert.rejects(updateController(db, "region", system_id, {}, by), NotFound, "a rack is no region");
  const caller = { ...root, administrator: false };
  await assert.rejects(updateController(db, "rack", system_id, {}, { ...by, caller }), /administrator/);
  await deleteController(db, "rack", system_id, { ...by, force: false });
  assert.deepEqual(await listControllers(db, "rack", later(300)), []);
  const rows = await db.selectFrom("events").select(["type", "actor"]).where("type", "=", "rack.changed").execute();
  assert.deepEqual(rows, [
    { type: "rack.changed", actor: "root" },
    { type: "rack.changed", actor: "root" },
  ]);
});

test("this host has a name, and addresses that are not its own alone", () => {
  const { hostname, addresses } = describeHost("1.0.0");
  assert.match(hostname, /^[^.]+$/);
  assert.ok(!addresses.includes("127.0.0.1"));
});
