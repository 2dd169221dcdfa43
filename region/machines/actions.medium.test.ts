import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { machineStatuses } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { Denied, InputError, StateConflict } from "../errors.ts";
import { noLog } from "../log.ts";
import { ask, commissionMachine, releaseMachine, testMachine as testOne } from "./ask.ts";
import { askPower } from "./switch.ts";
import { deleteMachine } from "./forget.ts";
import { runBulk } from "./bulk.ts";
import { readCredentials, renewCredentials } from "./credentials.ts";
import { everywhere } from "../users/access.ts";
import { type Caller, fire } from "./fire.ts";
import { hintsFor } from "./hints.ts";
import { lifecycle } from "./lifecycle.ts";
import { testInventory, testMachine } from "./testing.ts";

let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

const now = new Date("2026-01-01T12:00:00Z");
const root: Caller = { id: 1, username: "root", administrator: true };
const by = { caller: root, now };
const row = (id: string) =>
  database.db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
const happen = (machineId: string, trigger: Parameters<typeof fire>[1]["trigger"]) =>
  database.db.transaction().execute((tx) => fire(tx, { machineId, trigger, actor: "machine", now }));
const powers = async (id: string) =>
  (
    await sql<{ action: string }>`
      select data ->> 'action' as action from jobs.job where data ->> 'machineId' = ${id} order by created_on`.execute(
      database.db,
    )
  ).rows.map(({ action }) => action);

async function deployed() {
  const { id, mac } = await testMachine(database.db, {
    status: "deployed",
    owner_id: 1,
    installed: true,
    netboot: false,
    image: "debian-12",
  });
  await database.db
    .updateTable("machines")
    .set({ inventory: json(testInventory(mac)) })
    .where("id", "=", id)
    .execute();
  await database.db.transaction().execute((tx) => renewCredentials(tx, id, now));
  return { id, mac };
}

test("a deployed machine goes through rescue mode and is again what it was, with its own credentials", async () => {
  const { id } = await deployed();
  const credentials = await readCredentials(database.db, id);
  await ask(database.db, id, "rescue_mode", "boot loader lost", by);
  assert.equal((await row(id)).status, "entering rescue mode");
  await happen(id, "rescue-entered");
  await ask(database.db, id, "exit_rescue_mode", undefined, by);
  await happen(id, "powered-on");
  const machine = await row(id);
  assert.deepEqual(
    [machine.status, machine.installed, machine.owner_id, machine.image],
    ["deployed", true, 1, "debian-12"],
  );
  assert.deepEqual(await readCredentials(database.db, id), credentials);
  assert.deepEqual(await powers(id), ["cycle", "cycle"]);
});

test("a machine that failed keeps its reason through rescue mode, and is switched off at its end", async () => {
  const { id } = await testMachine(database.db, {
    status: "failed commissioning",
    failure: json({ code: "disk-missing", message: "It has no disk.", evidence: [], next: "Put one in." }),
  });
  await ask(database.db, id, "rescue_mode", undefined, by);
  assert.equal((await row(id)).failure, null);
  await happen(id, "timed-out");
  assert.equal((await row(id)).status, "failed to enter rescue mode");
  await ask(database.db, id, "exit_rescue_mode", undefined, by);
  await happen(id, "powered-off");
  const machine = await row(id);
  assert.deepEqual([machine.status, machine.failure?.code], ["failed commissioning", "disk-missing"]);
  assert.deepEqual(await powers(id), ["cycle", "off"]);
});

test("a deployed machine marked broken keeps its owner and system, and is deployed again once fixed", async () => {
  const { id } = await deployed();
  await ask(database.db, id, "mark_broken", "fan", by);
  const broken = await row(id);
  assert.deepEqual([broken.status, broken.owner_id, broken.failure?.code], ["broken", 1, "marked-broken"]);
  assert.match(broken.failure?.message ?? "", /root marked it broken: fan/);
  await assert.rejects(
    commissionMachine(database.db, id, { keep_on: false }, by),
    (error) => error instanceof StateConflict && error.code === "still-deployed",
  );
  await ask(database.db, id, "mark_fixed", undefined, by);
  assert.equal((await row(id)).status, "deployed");
});

test("an allocated machine marked broken belongs to nobody any more, and is ready once fixed", async () => {
  const { id } = await testMachine(database.db, { status: "allocated", owner_id: 1 });
  await ask(database.db, id, "mark_broken", undefined, by);
  assert.equal((await row(id)).owner_id, null);
  await ask(database.db, id, "mark_fixed", undefined, by);
  assert.equal((await row(id)).status, "ready");
});

test("an aborted erase leaves a machine that only a release brings back to the pool", async () => {
  const { id } = await deployed();
  await database.db
    .updateTable("machines")
    .set({ status: "disk erasing", previous_status: "deployed" })
    .where("id", "=", id)
    .execute();
  await ask(database.db, id, "abort", undefined, by);
  const machine = await row(id);
  assert.deepEqual([machine.status, machine.failure?.code], ["failed disk erasing", "erase-aborted"]);
  await releaseMachine(database.db, id, {}, by);
  await happen(id, "powered-off");
  assert.deepEqual([(await row(id)).status, (await row(id)).owner_id], ["ready", null]);
});

test("a locked machine does nothing but unlock, neither in its life nor by its power switch", async () => {
  const { id } = await deployed();
  const generation = (await row(id)).generation;
  await ask(database.db, id, "lock", "payroll", by);
  const locked = (error: unknown) => error instanceof StateConflict && error.code === "machine-locked";
  await assert.rejects(releaseMachine(database.db, id, {}, by), locked);
  await assert.rejects(ask(database.db, id, "mark_broken", undefined, by), locked);
  await assert.rejects(askPower(database.db, id, "off", by), locked);
  await assert.rejects(deleteMachine(database.db, id, by), locked);
  await assert.rejects(ask(database.db, id, "lock", undefined, by), StateConflict);
  await ask(database.db, id, "unlock", undefined, by);
  assert.deepEqual([(await row(id)).locked, (await row(id)).generation], [false, generation]);
  await assert.rejects(ask(database.db, id, "unlock", undefined, by), StateConflict);
});

test("what a machine lacks for an action is named", async () => {
  const refusal = (code: string) => (error: unknown) => error instanceof StateConflict && error.code === code;
  const { id: fresh } = await testMachine(database.db);
  await assert.rejects(testOne(database.db, fresh, { keep_on: false }, by), refusal("not-commissioned"));
  const { id: unowned } = await testMachine(database.db, { status: "broken" });
  await assert.rejects(releaseMachine(database.db, unowned, {}, by), refusal("not-owned"));
  const { id: unfinished } = await testMachine(database.db, { status: "deploying", owner_id: 1, netboot: true });
  await assert.rejects(happen(unfinished, "user-data-read"), refusal("not-installed"));
});

test("a machine in rescue mode whose disks are not erased yet does not become ready by leaving it", async () => {
  const { id } = await testMachine(database.db, {
    status: "exiting rescue mode",
    previous_status: "ready",
    unerased: true,
  });
  await happen(id, "powered-off");
  const machine = await row(id);
  assert.deepEqual([machine.status, machine.failure?.code], ["failed disk erasing", "disks-not-erased"]);
});

test("a failure reported without a reason says just that", async () => {
  const { id } = await testMachine(database.db, { status: "commissioning" });
  await happen(id, "commission-failed");
  assert.equal((await row(id)).failure?.code, "unexplained");
});

test("what is told about actions agrees with what happens, in every status", async () => {
  for (const status of machineStatuses) {
    for (const action of ["abort", "rescue_mode", "exit_rescue_mode", "mark_broken", "mark_fixed", "lock"] as const) {
      const { id } = await testMachine(database.db, { status, owner_id: 1, previous_status: "ready" });
      const machine = await row(id);
      const hint = hintsFor({ ...machine, inventoried: false }, root).find((one) => one.action === action);
      assert.ok(hint);
      const outcome = ask(database.db, id, action, undefined, by);
      if (hint.allowed) await outcome;
      else await assert.rejects(outcome, StateConflict, `${status} ${action}`);
      assert.equal(hint.why === null, hint.allowed);
      assert.equal(hint.allowed, lifecycle[status][action] !== undefined, `${status} ${action}`);
    }
  }
});

test("many at once: each is done or refused for itself, and bad options refuse all", async () => {
  const made = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      testMachine(database.db, { status: index % 4 === 0 ? "deployed" : "ready", owner_id: 1 }),
    ),
  );
  const machines = [...made.map(({ id }) => id), "nobody"];
  const { done, items } = await runBulk(
    database.db,
    { machines, action: "mark_broken", options: { comment: "flood" } },
    by,
    noLog,
  );
  assert.equal(done, 40);
  assert.deepEqual(
    items.map(({ id }) => id),
    machines,
  );
  assert.deepEqual([items.at(-1)?.ok, items.at(-1)?.code, items.at(-1)?.status], [false, "not-found", null]);
  const again = await runBulk(database.db, { machines, action: "mark_broken", options: {} }, by, noLog);
  assert.equal(again.done, 0);
  assert.match(again.items[0]?.error ?? "", /is broken, which does not allow/);
  await assert.rejects(
    runBulk(database.db, { machines, action: "release", options: { erase: "yes" } }, by, noLog),
    (error) => error instanceof InputError && error.failures?.[0]?.field === "options.erase",
  );
  const guest: Caller = { id: 9999, username: "guest", administrator: false, grants: everywhere("user") };
  const denied = await runBulk(database.db, { machines, action: "delete", options: {} }, { caller: guest, now }, noLog);
  assert.deepEqual([denied.done, denied.items[0]?.code], [0, new Denied("").code]);
});

test("many at once: a machine that meets a defect or a busy database stops no other, and is told of", async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => testMachine(database.db, { status: "ready" })));
  const [defect, collision, ...others] = made.map(({ id }) => id);
  await sql`create function refuse_some() returns trigger language plpgsql as $$ begin
    if new.id = ${sql.lit(defect)} then raise exception 'no such luck'; end if;
    if new.id = ${sql.lit(collision)} then raise exception 'deadlock' using errcode = '40P01'; end if;
    return new; end $$`.execute(database.db);
  await sql`create trigger refuse_some before update on machines for each row execute function refuse_some()`.execute(
    database.db,
  );
  const logged: object[] = [];
  const log = { ...noLog, error: (fields: object) => void logged.push(fields) };
  const machines = made.map(({ id }) => id);
  const { done, items } = await runBulk(database.db, { machines, action: "mark_broken", options: {} }, by, log);
  await sql`drop trigger refuse_some on machines`.execute(database.db);
  assert.equal(done, 18);
  const told = new Map(items.map((item) => [item.id, item]));
  assert.deepEqual([told.get(defect ?? "")?.code, told.get(defect ?? "")?.status], ["internal-error", "ready"]);
  assert.match(told.get(defect ?? "")?.next ?? "", /region's log/);
  assert.doesNotMatch(JSON.stringify(items), /no such luck/);
  assert.match(JSON.stringify(logged), /no such luck/);
  assert.deepEqual([told.get(collision ?? "")?.code, told.get(collision ?? "")?.next], ["database-down", "Ask again."]);
  for (const id of others) assert.equal((await row(id)).status, "broken");
});

test("a machine that the region itself commissions is open to nobody who asked something of it before", async () => {
  const { id } = await testMachine(database.db, { status: "new" });
  await commissionMachine(database.db, id, { keep_on: true }, by);
  assert.deepEqual([(await row(id)).keep_on, (await row(id)).operator_id], [true, 1]);
  await database.db.updateTable("machines").set({ status: "new" }).where("id", "=", id).execute();
  await database.db
    .transaction()
    .execute((tx) => fire(tx, { machineId: id, trigger: "commission", actor: "region", now }));
  assert.deepEqual([(await row(id)).keep_on, (await row(id)).operator_id], [false, null]);
});

test("values for more scripts than a statement has parameters are refused like those for one", async () => {
  const { id } = await testMachine(database.db, { status: "ready" });
  const many = Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`s${index}`, {}]));
  await assert.rejects(
    commissionMachine(database.db, id, { keep_on: false, commissioning_parameters: many }, by),
    (error) => error instanceof InputError && error.failures?.[0]?.field === "parameters.s0",
  );
});
