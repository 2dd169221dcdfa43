import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { Denied, NotFound, StateConflict } from "../errors.ts";
import { noLog } from "../log.ts";
import { allocateMachine } from "./allocate.ts";
import { readCredentials } from "./credentials.ts";
import { everywhere } from "../users/access.ts";
import { type Caller, type Firing, fire } from "./fire.ts";
import { sweepDeadlines } from "./sweep.ts";
import { testInventory, testMachine } from "./testing.ts";
import { touch } from "./touch.ts";
import { appendEvent } from "../events/append.ts";
import { json } from "../database/pool.ts";

let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

const now = new Date("2026-01-01T12:00:00Z");
const root: Caller = { id: 1, username: "root", administrator: true };
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const ask = (firing: Omit<Firing, "now" | "actor">, at = now) =>
  database.db.transaction().execute((tx) => fire(tx, { actor: "root", now: at, ...firing }));
const row = (id: string) =>
  database.db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
const jobs = async (id: string) =>
  (
    await sql<{ data: { action: string; generation: number; bootDevice: string | null } }>`
    select data from jobs.job where data ->> 'machineId' = ${id} order by created_on`.execute(database.db)
  ).rows.map(({ data }) => data);

async function user(name: string): Promise<Caller> {
  const { id } = await database.db
    .insertInto("users")
    .values({ username: name, password_hash: "!" })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { id, username: name, administrator: false, grants: everywhere("user") };
}

test("commissioning sets deadline, credentials, words, event and a power job in one transaction", async () => {
  const { id, mac } = await testMachine(database.db);
  assert.deepEqual(await ask({ machineId: id, trigger: "commission", caller: root }), {
    from: "new",
    to: "commissioning",
    generation: 1,
  });
  const machine = await row(id);
  assert.equal(machine.deadline?.toISOString(), later(20 * 60).toISOString());
  assert.equal(machine.waits_for, "the BMC to switch the machine on");
  assert.equal(machine.netboot, true);
  assert.ok(await readCredentials(database.db, id));
  assert.deepEqual(
    (await jobs(id)).map(({ action, bootDevice, generation }) => ({ action, bootDevice, generation })),
    [{ action: "cycle", bootDevice: "pxe", generation: 1 }],
  );
  const events = await database.db
    .selectFrom("events")
    .select(["type", "mac", "data"])
    .where("machine_id", "=", id)
    .orderBy("id")
    .execute();
  assert.deepEqual(
    events.map(({ type, mac: on }) => ({ type, on })),
    [
      { type: "machine.action", on: mac },
      { type: "machine.status", on: mac },
    ],
  );
  assert.equal(events[1]?.data["to"], "commissioning");
});

test("a rolled back transition leaves no job, no event and no credentials", async () => {
  const { id } = await testMachine(database.db);
  await assert.rejects(
    database.db.transaction().execute(async (tx) => {
      await fire(tx, { machineId: id, trigger: "commission", actor: "root", now });
      throw new Error("no");
    }),
  );
  assert.equal((await row(id)).status, "new");
  assert.deepEqual(await jobs(id), []);
  assert.equal(await readCredentials(database.db, id), undefined);
});

test("of two who ask at once one wins and the other is told why not", async () => {
  const { id } = await testMachine(database.db);
  const outcomes = await Promise.allSettled([
    ask({ machineId: id, trigger: "commission", caller: root }),
    ask({ machineId: id, trigger: "commission", caller: root }),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const refused = outcomes.find((one) => one.status === "rejected");
  assert.ok(refused?.reason instanceof StateConflict);
  assert.match(refused.reason.message, /is commissioning, which does not allow 'commission'; allowed now: abort/);
  assert.equal((await jobs(id)).length, 1);
});

test("rights: users allocate, owners release, administrators commission; unknown machines are told", async () => {
  const [anna, bert] = [await user("anna"), await user("bert")];
  const { id } = await testMachine(database.db, { status: "ready" });
  await assert.rejects(ask({ machineId: id, trigger: "commission", caller: anna }), Denied);
  await ask({ machineId: id, trigger: "allocate", caller: anna });
  assert.equal((await row(id)).owner_id, anna.id);
  // What somebody else has is not there for him.
  await assert.rejects(ask({ machineId: id, trigger: "release", caller: bert }), NotFound);
  await ask({ machineId: id, trigger: "release", caller: anna });
  assert.equal((await row(id)).status, "releasing");
  await assert.rejects(ask({ machineId: "zzzzzz", trigger: "release" }), NotFound);
});

test("a deployment: installed, booted, released, and ready without owner, image or credentials", async () => {
  const anna = await user("dora");
  const { id } = await testMachine(database.db, { status: "ready" });
  const deployment = { image: "debian-12", user_data: "#cloud-config" };
  await ask({ machineId: id, trigger: "deploy", caller: anna, deployment });
  await assert.rejects(ask({ machineId: id, trigger: "user-data-read" }), /has not finished its installation/);
  await ask({ machineId: id, trigger: "install-finished" }, later(600));
  const installed = await row(id);
  assert.deepEqual([installed.status, installed.netboot, installed.image], ["deploying", false, "debian-12"]);
  assert.equal(installed.deadline?.toISOString(), later(600 + 30 * 60).toISOString());
  await ask({ machineId: id, trigger: "user-data-read" });
  assert.deepEqual([(await row(id)).status, (await row(id)).deadline], ["deployed", null]);
  await ask({ machineId: id, trigger: "release", caller: anna });
  assert.equal(await readCredentials(database.db, id), undefined);
  await ask({ machineId: id, trigger: "powered-off" });
  const ready = await row(id);
  assert.deepEqual(
    [ready.status, ready.owner_id, ready.image, ready.user_data, ready.netboot],
    ["ready", null, null, null, true],
  );
  assert.deepEqual(
    (await jobs(id)).map(({ action }) => action),
    ["cycle", "off"],
  );
});

test("an aborted test leaves a failed machine failed, with the reason it had", async () => {
  const failure = { code: "script-failed", message: "memtester failed.", evidence: ["bit 7"], next: "Change it." };
  for (const status of ["failed testing", "failed commissioning", "new"] as const) {
    const { id, mac } = await testMachine(database.db, { status });
    const kept = status === "new" ? null : failure;
    const found = { failure: kept && json(kept), inventory: json(testInventory(mac)) };
    await database.db.updateTable("machines").set(found).where("id", "=", id).execute();
    await ask({ machineId: id, trigger: "test", caller: root });
    await ask({ machineId: id, trigger: "abort", caller: root });
    const machine = await row(id);
    assert.deepEqual([machine.status, machine.failure], [status, kept]);
  }
});

test("a deployed machine that failed its tests has its system started again when further ones are aborted", async () => {
  const { id } = await testMachine(database.db, { status: "deployed", owner_id: 1, installed: true });
  await ask({ machineId: id, trigger: "test", caller: root });
  await ask({ machineId: id, trigger: "tests-failed" });
  await ask({ machineId: id, trigger: "test", caller: root });
  await ask({ machineId: id, trigger: "abort", caller: root });
  assert.equal((await row(id)).status, "failed testing");
  assert.equal((await jobs(id)).at(-1)?.action, "cycle");
});

test("a machine without a BMC asks for a hand on commissioning and is ready at once on release", async () => {
  const { id } = await testMachine(database.db, { power_driver: "manual", status: "allocated", owner_id: 1 });
  assert.equal((await ask({ machineId: id, trigger: "release", caller: root }))?.to, "ready");
  await ask({ machineId: id, trigger: "commission", caller: root });
  assert.match((await row(id)).waits_for ?? "", /somebody to switch the machine on/);
  assert.deepEqual(await jobs(id), []);
});

test("what belongs to an older generation does nothing", async () => {
  const { id } = await testMachine(database.db, { status: "commissioning", generation: 7 });
  assert.equal(await ask({ machineId: id, trigger: "power-failed", generation: 6 }), null);
  assert.equal((await row(id)).status, "commissioning");
});

test("signs of life move the deadline, but never beyond the whole time of the status", async () => {
  const { id } = await testMachine(database.db);
  await ask({ machineId: id, trigger: "commission", caller: root });
  await touch(database.db, id, later(300), "the agent");
  assert.equal((await row(id)).deadline?.toISOString(), later(300 + 20 * 60).toISOString());
  const whole = 12 * 3600;
  await touch(database.db, id, later(whole - 60));
  const machine = await row(id);
  assert.deepEqual([machine.deadline?.toISOString(), machine.waits_for], [later(whole).toISOString(), "the agent"]);
  const idle = await testMachine(database.db);
  await touch(database.db, idle.id, now);
  assert.equal((await row(idle.id)).deadline, null);
});

test("a deadline fails the machine with what was last heard of it, and only once", async () => {
  await database.db.updateTable("machines").set({ deadline: null }).execute();
  const { id, mac } = await testMachine(database.db);
  const silent = await testMachine(database.db);
  for (const one of [id, silent.id]) await ask({ machineId: one, trigger: "commission", caller: root });
  await appendEvent(database.db, { type: "dhcp.ack", mac, at: later(60), message: "10.0.0.5 for eth0" });
  await appendEvent(database.db, { type: "tftp.done", mac, at: later(70), message: "grubx64.efi in 2 s" });
  assert.deepEqual(await sweepDeadlines(database.db, later(19 * 60), noLog), []);
  const [one, two] = await Promise.all([
    sweepDeadlines(database.db, later(21 * 60), noLog),
    sweepDeadlines(database.db, later(21 * 60), noLog),
  ]);
  assert.deepEqual([...one, ...two].sort(), [id, silent.id].sort());
  const machine = await row(id);
  assert.equal(machine.status, "failed commissioning");
  assert.equal(machine.failure?.code, "script-not-asked");
  assert.match(
    machine.failure?.message ?? "",
    /for 21 minutes, at last waiting for the BMC.*asked for a boot loader, but not for what to boot/,
  );
  assert.deepEqual(machine.failure?.evidence, [
    `${later(60).toISOString()} dhcp.ack: 10.0.0.5 for eth0`,
    `${later(70).toISOString()} tftp.done: grubx64.efi in 2 s`,
  ]);
  assert.match((await row(silent.id)).failure?.message ?? "", /Nothing at all was seen/);
});

test("allocation takes the smallest that fits, never one twice, and says what is missing", async () => {
  await database.db.updateTable("machines").set({ status: "new" }).execute();
  const ids = [];
  for (const memory of [8, 4, 16]) {
    const { id, mac } = await testMachine(database.db, { status: "ready" });
    await database.db
      .updateTable("machines")
      .set({ inventory: json(testInventory(mac, memory * 2 ** 30)) })
      .where("id", "=", id)
      .execute();
    ids.push(id);
  }
  const take = (wish: object) =>
    database.db.transaction().execute((tx) => allocateMachine(tx, wish, { caller: root, ownerId: 1, now }));
  assert.equal(await take({ memory: 5 * 2 ** 30 }), ids[0]);
  const both = await Promise.all([take({}), take({})]);
  assert.deepEqual([...both].sort(), ids.slice(1).sort());
  await assert.rejects(take({ cpu_count: 64 }), /No ready machine has cpu_count 64 \(0 machines are ready\)/);
  await assert.rejects(take({ id: ids[0] }), /is allocated; only a ready machine/);
  await assert.rejects(take({ hostname: "nobody" }), NotFound);
});
