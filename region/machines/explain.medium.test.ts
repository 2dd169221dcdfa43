import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { diskMissing, explanation, foreignDhcpServer, makeFailure, noRack } from "@rackwright/contract";
import { appendEvent } from "../events/append.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { fire } from "./fire.ts";
import { testMachine } from "./testing.ts";

let api: TestApi;
const now = new Date("2026-01-01T12:00:00Z");
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);
before(async () => (api = await testApi({ local: true, clock: { now: () => at(600) } })));
after(() => api.close());

async function explain(id: string) {
  const answer = await api.app.inject({ url: `/api/v1/machines/${id}/explanation` });
  assert.equal(answer.statusCode, 200, answer.body);
  return explanation.parse(answer.json());
}

const act = (id: string, trigger: "commission" | "commission-failed", seconds: number, failure = {}) =>
  api.database.db
    .transaction()
    .execute((tx) => fire(tx, { machineId: id, trigger, actor: "region", now: at(seconds), ...failure }));

test("a failed machine: code, meaning, evidence, next step, what was seen since its task began, last phases", async () => {
  const { db } = api.database;
  const { id, mac } = await testMachine(db);
  await appendEvent(db, { type: "dhcp.ack", at: at(-60), mac, message: "before the task" });
  await act(id, "commission", 0);
  await appendEvent(db, { type: "dhcp.ack", at: at(10), mac, message: "Gave 10.0.0.9" });
  await appendEvent(db, { type: "tftp.done", at: at(11), mac, message: "bootx64.efi" });
  await appendEvent(db, { type: "dhcp.ack", at: at(20), mac, message: "Gave 10.0.0.9 again" });
  const wire = makeFailure(foreignDhcpServer, "Another server answers.");
  await appendEvent(db, { type: "network.problem", at: at(21), message: "Another server", failure: wire });
  await act(id, "commission-failed", 30, { failure: makeFailure(diskMissing, "No disk.", ["sda: removable"]) });

  const told = await explain(id);
  assert.equal(told.verdict, "failed");
  assert.equal(told.sentence, `host-${id} failed commissioning: No disk.`);
  assert.deepEqual(told.failure?.evidence, ["sda: removable"]);
  assert.equal(told.next, diskMissing.next);
  assert.equal(told.cause?.meaning, diskMissing.meaning);
  assert.deepEqual(
    told.seen.filter(({ source }) => !source.startsWith("power")).map(({ source, text }) => [source, text]),
    [
      ["tftp.done", "bootx64.efi"],
      ["dhcp.ack", "Gave 10.0.0.9 again"],
    ],
  );
  assert.deepEqual(
    told.troubles.map(({ failure }) => failure.code),
    ["foreign-dhcp-server"],
  );
  assert.deepEqual(
    told.phases.map(({ name, outcome }) => [name, outcome]),
    [["commission", "failed"]],
  );
  assert.equal(told.waits, null);
});

test("a waiting machine: for what, since when, until when, what then, and what goes wrong meanwhile", async () => {
  const { db } = api.database;
  const { id, mac } = await testMachine(db);
  await act(id, "commission", 100);
  await appendEvent(db, {
    type: "power.failed",
    at: at(101),
    machine_id: id,
    mac,
    message: "power cycle failed",
    failure: makeFailure(noRack, "No rack."),
  });
  const told = await explain(id);
  assert.equal(told.verdict, "waiting");
  assert.equal(told.waits?.for, "the BMC to switch the machine on");
  assert.equal(told.waits.since, at(100).toISOString());
  assert.ok(Date.parse(told.waits.until ?? "") > at(100).getTime());
  assert.match(told.waits.afterwards, /^it becomes 'failed commissioning'/);
  assert.equal(told.troubles[0]?.failure.code, "no-rack");
  assert.equal(told.failure, null);
});

test("a healthy machine says so, and what can be asked of it; an unknown one is not found", async () => {
  const { id } = await testMachine(api.database.db, { status: "ready" });
  const told = await explain(id);
  assert.equal(told.verdict, "healthy");
  assert.match(told.sentence, /is ready; nothing is wrong\. It is ready to be allocated or deployed\. .*deploy/);
  const answer = await api.app.inject({ url: "/api/v1/machines/aaaaaa/explanation" });
  assert.equal(answer.statusCode, 404);
});

test("the catalogue can be read without an account", async () => {
  const all = await api.app.inject({ url: "/api/v1/failures" });
  const codes = (all.json<{ items: { code: string }[] }>().items ?? []).map(({ code }) => code);
  assert.ok(codes.includes("disk-missing") && codes.length > 80);
  const one = await api.app.inject({ url: "/api/v1/failures/disk-missing" });
  assert.equal(one.json<{ title: string }>().title, diskMissing.title);
  assert.equal((await api.app.inject({ url: "/api/v1/failures/no-such-code" })).statusCode, 404);
});
