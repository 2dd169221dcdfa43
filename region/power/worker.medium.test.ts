import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Failure, PowerRequest, PowerState } from "@rackwright/contract";
import { sql } from "kysely";
import { systemClock } from "../clock.ts";
import { openJobs } from "../database/jobs.ts";
import { openNotifications } from "../database/listen.ts";
import { openLocks } from "../database/locks.ts";
import { openPool } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { FailureError } from "../errors.ts";
import { noLog } from "../log.ts";
import { fire } from "../machines/fire.ts";
import { testMachine } from "../machines/testing.ts";
import { queueStaleQueries, refreshPower } from "./query.ts";
import { startPowerWorker } from "./worker.ts";

let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

type Bmc = (request: PowerRequest, machineId: string) => Promise<{ state: PowerState }>;

/** A region's power worker on the test database, with this function in the place of racks and BMCs. */
async function work(perform: Bmc) {
  const pool = openPool({ url: database.url, size: 5 });
  const jobs = openJobs(pool, { serve: true });
  jobs.on("error", () => {});
  await jobs.start();
  const locks = openLocks(database.url);
  const notifications = openNotifications({ url: database.url, log: noLog });
  const worker = startPowerWorker({
    db: database.db,
    jobs,
    locks,
    notifications,
    power: { perform },
    clock: systemClock,
    log: noLog,
    pollEvery: 200,
    orphanAfter: 500,
  });
  return {
    stop: async () => {
      await worker.stop();
      await notifications.close();
      await locks.close();
      await jobs.stop({ graceful: false });
      await pool.end();
    },
  };
}

const ask = (machineId: string, trigger: "commission" | "release" | "abort") =>
  database.db.transaction().execute((tx) => fire(tx, { machineId, trigger, actor: "root", now: new Date() }));
const row = (id: string) =>
  database.db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
const types = async (id: string) =>
  (await database.db.selectFrom("events").select("type").where("machine_id", "=", id).orderBy("id").execute()).map(
    ({ type }) => type,
  );

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 20_000; !(await condition()); await sleep(20))
    if (performance.now() > end) assert.fail(`waited in vain for ${what}`);
}
const isIn = (id: string, status: string) => until(async () => (await row(id)).status === status, `${id} ${status}`);

const refusal: Failure = {
  code: "ipmi-password",
  message: "The BMC refused the password.",
  evidence: [],
  next: "Correct it.",
};

test("a commission switches the machine on and says what is waited for next", async () => {
  const asked: PowerRequest[] = [];
  const worker = await work(async (request) => {
    asked.push(request);
    return { state: "on" };
  });
  const { id } = await testMachine(database.db);
  await ask(id, "commission");
  await until(async () => (await row(id)).power_state === "on", "power on");
  await worker.stop();
  assert.deepEqual(
    asked.map(({ action, boot_device, driver }) => ({ action, boot_device, driver })),
    [{ action: "cycle", boot_device: "pxe", driver: "ipmi" }],
  );
  assert.match((await row(id)).waits_for ?? "", /ask for an address/);
  assert.deepEqual(await types(id), ["machine.action", "machine.status", "power.requested", "power.done"]);
});

test("a release ends when the BMC says off, however often it has to be asked", async () => {
  let times = 0;
  const worker = await work(async () => ({ state: ++times < 2 ? "on" : "off" }));
  const { id } = await testMachine(database.db, { status: "deployed", owner_id: 1 });
  await ask(id, "release");
  await isIn(id, "ready");
  await worker.stop();
  assert.equal(times, 2);
});

test("a BMC that refuses fails the machine with the BMC's own words after three tries", async () => {
  let times = 0;
  const worker = await work(() => {
    times++;
    return Promise.reject(new FailureError(refusal));
  });
  const { id } = await testMachine(database.db);
  await ask(id, "commission");
  await isIn(id, "failed commissioning");
  await worker.stop();
  const machine = await row(id);
  assert.deepEqual([machine.failure, machine.power_state, times], [refusal, "error", 3]);
});

test("a BMC that is busy with another command is asked again, however often", async (t) => {
  let times = 0;
  const busy = { code: "bmc-busy", message: "another power action is under way", evidence: [], next: "Wait." };
  const asked: PowerRequest[] = [];
  const worker = await work((request) => {
    asked.push(request);
    return ++times <= 3 ? Promise.reject(new FailureError(busy)) : Promise.resolve({ state: "off" });
  });
  t.after(() => worker.stop());
  const { id } = await testMachine(database.db, { status: "deployed", owner_id: 1 });
  await ask(id, "release");
  await isIn(id, "ready");
  assert.equal(times, 4);
  const left = asked.map(({ within_seconds }) => within_seconds ?? 0);
  assert.ok(
    left.every((seconds, n) => seconds > 0 && seconds <= (left[n - 1] ?? 300)),
    `seconds left: ${left.join()}`,
  );
  assert.equal((await types(id)).filter((type) => type === "power.failed").length, 1);
});

test("without a rack the command waits, says so, and is done when one comes", async () => {
  let racks = 0;
  const worker = await work(() =>
    racks > 0
      ? Promise.resolve({ state: "on" as const })
      : Promise.reject(new FailureError({ code: "no-rack", message: "none", evidence: [], next: "" })),
  );
  const { id } = await testMachine(database.db);
  await ask(id, "commission");
  await until(async () => (await row(id)).waits_for === "a rack to connect that can reach its BMC", "words");
  racks = 1;
  await until(async () => (await row(id)).power_state === "on", "power on");
  assert.equal((await row(id)).status, "commissioning");
  await worker.stop();
});

test("a command of an older generation, or of a deleted machine, is never carried out", async () => {
  const { id } = await testMachine(database.db);
  await ask(id, "commission");
  await ask(id, "abort");
  const gone = await testMachine(database.db);
  await ask(gone.id, "commission");
  await database.db.deleteFrom("machines").where("id", "=", gone.id).execute();
  const asked: string[] = [];
  const worker = await work(async ({ action }, machineId) => {
    asked.push(`${machineId} ${action}`);
    return { state: "off" };
  });
  await until(async () => (await row(id)).power_state === "off", "power off");
  await worker.stop();
  assert.deepEqual(asked, [`${id} off`]);
});

test("a job whose process died is taken up by another within seconds, and one in work is not done twice", async () => {
  const { id } = await testMachine(database.db);
  await ask(id, "commission");
  // A process that took the job and was killed: marked as running, lock let go with its connection.
  const { rows } = await sql`update jobs.job set state = 'active', started_on = now() - interval '1 minute'
    where data ->> 'machineId' = ${id} returning id`.execute(database.db);
  assert.equal(rows.length, 1);
  let times = 0;
  const slow: Bmc = async () => {
    times++;
    await sleep(2500);
    return { state: "on" };
  };
  const workers = [await work(slow), await work(slow)];
  await until(async () => (await row(id)).power_state === "on", "power on");
  await Promise.all(workers.map((worker) => worker.stop()));
  assert.equal(times, 1);
});

test("old power states are asked for once, and only changes are told", async () => {
  await database.db.deleteFrom("machines").execute();
  const now = new Date();
  const { id } = await testMachine(database.db, { power_state: "on" });
  await testMachine(database.db, { power_driver: "manual" });
  await testMachine(database.db, { power_checked_at: new Date(now.getTime() - 60_000) });
  assert.deepEqual(
    await Promise.all([queueStaleQueries(database.db, now), queueStaleQueries(database.db, now)]).then((counts) =>
      counts.sort((a, b) => a - b),
    ),
    [0, 1],
  );
  const worker = await work(async () => ({ state: "off" }));
  await until(async () => (await row(id)).power_state === "off", "power state");
  await worker.stop();
  assert.deepEqual(await types(id), ["power.state"]);
});

test("without a rack old power states are unknown and nobody is asked; with one they are asked", async () => {
  await database.db.deleteFrom("machines").execute();
  const now = new Date();
  const { id: old } = await testMachine(database.db, { power_state: "on" });
  const { id: manual } = await testMachine(database.db, { power_state: "on", power_driver: "manual" });
  const minute = new Date(now.getTime() - 60_000);
  const { id: fresh } = await testMachine(database.db, { power_state: "on", power_checked_at: minute });
  const states = () => Promise.all([old, manual, fresh].map(async (id) => (await row(id)).power_state));
  const rack = { name: "asks", secret: Buffer.alloc(32), connected_at: now, seen_at: now };
  await database.db.insertInto("racks").values(rack).execute();
  assert.equal(await refreshPower(database.db, now), 1);
  assert.deepEqual(await states(), ["on", "on", "on"]);
  await database.db.updateTable("machines").set({ power_checked_at: null }).where("id", "=", old).execute();
  await database.db.updateTable("racks").set({ disconnected_at: now }).execute();
  assert.equal(await refreshPower(database.db, now), 1);
  assert.equal(await refreshPower(database.db, now), 0);
  assert.deepEqual(await states(), ["unknown", "on", "on"]);
  assert.deepEqual(await types(old), []);
});
