import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { problem, type EnlistRequest, type Event } from "@rackwright/contract";
import { sql } from "kysely";
import { systemClock } from "../clock.ts";
import { openNotifications } from "../database/listen.ts";
import { FailureError, RegionError } from "../errors.ts";
import { registerEventRoutes } from "../events/routes.ts";
import { followEvents } from "../events/tail.ts";
import { buildApp } from "../http/app.ts";
import { registerAuth } from "../http/auth.ts";
import { noLog } from "../log.ts";
import { enlistMachine } from "../machines/enlist.ts";
import { fire } from "../machines/fire.ts";
import { testInventory, testMachine } from "../machines/testing.ts";
import { rackUrl } from "../metadata/client.ts";
import { addMachine, machineFace, signed } from "../metadata/testing.ts";
import { learnSubnets } from "../networks/learn.ts";
import { failureOf } from "../power/perform.ts";
import { ensureRack } from "../racks/rows.ts";
import { openSocket, proveRack, testLinks } from "../racks/testing.ts";
import { testDatabase } from "../database/testing.ts";

const now = new Date("2026-01-02T03:04:05.000Z");
let face: Awaited<ReturnType<typeof machineFace>>;
before(async () => (face = await machineFace({ now: () => now })));
after(() => face.close());

const failureOfMachine = async (id: string) =>
  (await face.db.selectFrom("machines").select("failure").where("id", "=", id).executeTakeFirstOrThrow()).failure;
const eventWith = async (code: string): Promise<Pick<Event, "message" | "failure">> =>
  face.db
    .selectFrom("events")
    .select(["message", "failure"])
    .where(sql<boolean>`failure ->> 'code' = ${code}`)
    .orderBy("id", "desc")
    .executeTakeFirstOrThrow(() => new Error(`no event says ${code}`));

async function signal(id: string, form: Record<string, string>) {
  const machine = await addMachine(face.db, id, "commissioning", { now });
  const reply = await face.ask("/MAAS/metadata/latest/", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...signed(machine.credentials) },
    body: new URLSearchParams({ op: "signal", ...form }).toString(),
  });
  assert.equal(reply.status, 200, reply.body);
  return failureOfMachine(id);
}

test("what a script runner on the machine signals", async () => {
  const failed = await signal("sgna11", { status: "FAILED", error: "no luck" });
  assert.equal(failed?.code, "signalled-failure");
  assert.match(failed.message, /no luck/);
  assert.equal((await signal("sgna12", { status: "TIMEDOUT" }))?.code, "script-timed-out");
  const error = "The agent ended with status 137. [9.1] Out of memory: Killed process 7 (node) total-vm:9kB";
  const killed = await signal("sgna13", { status: "FAILED", error });
  assert.equal(killed?.code, "out-of-memory");
  assert.deepEqual(killed.evidence, [error]);
});

async function report(id: string, at: Date, reports: object[]) {
  const machine = await addMachine(face.db, id, "commissioning", { now });
  const numbered = reports.map((each, sequence) => ({ sequence, at: at.toISOString(), ...each }));
  const reply = await face.ask("/agent/v1/reports", {
    method: "POST",
    headers: { "content-type": "application/json", ...signed(machine.credentials) },
    body: JSON.stringify({ run: "r", reports: numbered }),
  });
  assert.equal(reply.status, 200, reply.body);
}
const started = { kind: "started", task: "commission", agent: "v24", uptime: 9 };

test("an agent that fails without a reason", async () => {
  await report("agent1", now, [started, { kind: "finished", outcome: "failed" }]);
  assert.equal((await failureOfMachine("agent1"))?.code, "agent-failed");
});

test("a machine whose clock is years off is told with both clocks, and commissioned all the same", async () => {
  await report("cnck11", new Date("2010-01-01T00:00:00Z"), [started]);
  const told = await eventWith("machine-clock-off");
  assert.match(told.message, /^The clock of host-cnck11 is \d+ seconds behind the region's\.$/);
  assert.deepEqual(told.failure?.evidence, [
    "the machine says 2010-01-01T00:00:00.000Z",
    "the region says 2026-01-02T03:04:05.000Z",
  ]);
  assert.equal(await failureOfMachine("cnck11"), null);
  await report("cnck12", new Date(now.getTime() - 20_000), [started]);
  assert.match((await eventWith("machine-clock-off")).message, /cnck11/, "twenty seconds are nothing");
});

test("refused credentials come with the region's clock, by which cloud-init sets its own", async () => {
  const reply = await face.ask("/MAAS/metadata/latest/meta-data/", { headers: {} });
  assert.equal(reply.status, 401);
  assert.ok(Math.abs(Date.parse(reply.headers.date ?? "") - Date.now()) < 60_000);
});

const request = (mac: string, uuid: string): EnlistRequest => ({
  architecture: "amd64",
  firmware: "uefi",
  uuid,
  serial: null,
  interfaces: testInventory(mac).interfaces,
  bmc: null,
});

test("two machines of one UUID: the second is taken for the first, and that is told", async () => {
  const uuid = "4c4c4544-0042-3010-8051-b7c04f4a4d99";
  const enlist = (mac: string) => face.db.transaction().execute((tx) => enlistMachine(tx, request(mac, uuid), { now }));
  const first = await enlist("52:54:00:66:00:01");
  await enlist("52:54:00:66:00:01");
  await assert.rejects(eventWith("identity-shared"), /no event/);
  assert.equal((await enlist("52:54:00:66:00:02")).machineId, first.machineId);
  const told = await eventWith("identity-shared");
  assert.match(told.message, new RegExp(`has its UUID ${uuid}, and was taken for it`));
  assert.deepEqual(told.failure?.evidence, ["its network cards: 52:54:00:66:00:02"]);
});

test("a system that reads its user data before its installation has ended", async () => {
  const { id } = await testMachine(face.db, { status: "deploying", netboot: true });
  const early = face.db
    .transaction()
    .execute((tx) => fire(tx, { machineId: id, trigger: "user-data-read", actor: "machine", now }));
  await assert.rejects(early, (error) => error instanceof RegionError && error.code === "not-installed");
});

test("a request without a host name, and an error of a BMC that has no name", () => {
  const hostless = () => rackUrl({ address: "10.0.0.5", host: null });
  assert.throws(hostless, (error) => error instanceof RegionError && error.code === "host-missing");
  assert.equal(failureOf(new RangeError("odd")).code, "power-error");
  const known = { code: "bmc-auth", message: "no", evidence: [], next: "x" };
  assert.equal(failureOf(new FailureError(known)).code, "bmc-auth");
});

test("a rack whose interface overlaps a subnet", async () => {
  await face.db.insertInto("subnets").values({ cidr: "192.168.7.0/24" }).execute();
  const device = { name: "eth0", mac: null, addresses: ["192.168.0.1/16"] };
  assert.equal(await face.db.transaction().execute((tx) => learnSubnets(tx, "rack1", [device])), 0);
  const told = await eventWith("subnet-overlap");
  assert.match(told.failure?.next ?? "", /192\.168\.7\.0\/24/);
});

test("a rack with a wrong secret is refused, and that is told once a minute", async (t) => {
  const database = await testDatabase();
  t.after(() => database.close());
  const links = await testLinks(database);
  t.after(links.close);
  await ensureRack(database.db, "rack1", Buffer.alloc(32, 1));
  for (const name of ["rack1", "rack9"]) {
    const socket = openSocket(links.url);
    await proveRack(socket, name, Buffer.alloc(32, 2));
    assert.equal(await socket.closed, 4401);
  }
  const told = () => database.db.selectFrom("events").select(["message", "failure"]).execute();
  const deadline = performance.now() + 10_000;
  while ((await told()).length === 0 && performance.now() < deadline) await new Promise((next) => setTimeout(next, 20));
  const events = await told();
  assert.equal(events.length, 1);
  assert.equal(events[0]?.failure?.code, "rack-secret-wrong");
  assert.equal(events[0].message, "A rack link was refused: wrong proof for rack 'rack1'.");
  assert.match(events[0].failure.evidence[0] ?? "", /^it came from (::ffff:)?127\.0\.0\.1 as 'rack1'$/);
});

test("one event stream more than a region serves", async (t) => {
  const database = await testDatabase();
  t.after(() => database.close());
  const notifications = openNotifications({ url: database.url, log: noLog });
  t.after(() => notifications.close());
  const { db } = database;
  const tail = await followEvents({ db, notifications, log: noLog });
  t.after(() => tail.close());
  const app = buildApp({ log: noLog });
  const stopping = new AbortController();
  registerAuth(app, { db, clock: systemClock, isLocalOperator: () => true });
  registerEventRoutes(app, { db, tail, log: noLog, signal: stopping.signal, streamLimit: 1 });
  const url = `${await app.listen({ host: "127.0.0.1", port: 0 })}/api/v1/events/stream`;
  t.after(async () => {
    stopping.abort();
    await app.close();
  });
  const first = await fetch(url, { signal: stopping.signal });
  assert.equal(first.status, 200);
  const second = await fetch(url);
  assert.equal(second.status, 503);
  assert.equal(problem.parse(await second.json()).code, "too-many-streams");
});
