import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Phase } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { NotFound } from "../errors.ts";
import { appendEvents, type NewEvent } from "../events/append.ts";
import { testInventory, testMachine } from "./testing.ts";
import { usualTimes } from "./phase-times.ts";
import { readTimeline } from "./timeline.ts";

let database: TestDatabase;
before(async () => void (database = await testDatabase()));
after(() => database.close());

const begin = Date.UTC(2026, 0, 1);
const at = (second: number): Date => new Date(begin + second * 1000);
const model = { system_vendor: "Acme", system_product: "R1" };

async function inventoried(id: string, mac: string): Promise<void> {
  const inventory = testInventory(mac);
  await database.db
    .updateTable("machines")
    .set({ inventory: json({ ...inventory, dmi: { ...inventory.dmi, ...model } }) })
    .where("id", "=", id)
    .execute();
}

/** A machine is found, commissioned and deployed; its loader takes so many seconds. */
async function live(loader: number, outcome: "deployed" | "failed deployment" | null = "deployed") {
  const { db } = database;
  const { id, mac } = await testMachine(db, { status: outcome ?? "deploying" });
  const tell = (...events: Omit<NewEvent, "message">[]) =>
    appendEvents(
      db,
      events.map((event) => ({ message: "x", machine_id: id, ...event })),
    );
  const wire = (second: number, type: NewEvent["type"]): Omit<NewEvent, "message"> => ({
    type,
    at: at(second),
    mac,
    machine_id: null,
    rack: "rack1",
  });
  const turn = (second: number, from: string, to: string, more = {}): Omit<NewEvent, "message"> => ({
    type: "machine.status",
    at: at(second),
    data: { from, to, trigger: "x", ...more },
  });
  await tell(wire(0, "dhcp.discover"), wire(1, "dhcp.ack"));
  await tell({ type: "machine.enlisted", at: at(30), data: { macs: [mac] } }, turn(30, "new", "commissioning"));
  await tell({ type: "agent.step", at: at(31), data: { step: "inventory", title: "Inventory", state: "started" } });
  await tell({ type: "agent.step", at: at(33), data: { step: "inventory", title: "Inventory", state: "done" } });
  await inventoried(id, mac);
  await tell(turn(40, "commissioning", "ready"), turn(50, "ready", "deploying"));
  await tell({ type: "power.requested", at: at(50) }, { type: "power.done", at: at(51) });
  // The rack tells late what it saw, in a batch of several machines.
  await tell(wire(60, "dhcp.discover"), wire(61, "dhcp.ack"));
  await tell({ type: "boot.decided", at: at(61 + loader), data: { purpose: "install" } });
  if (outcome !== null) await tell(turn(100, "deploying", outcome));
  return id;
}
const words = ({ name, seconds, outcome, steps }: Phase): string =>
  `${name} ${seconds ?? "…"} ${outcome}: ${steps.map((step) => `${step.name} ${step.seconds ?? "…"}`).join(", ")}`;

test("phases that are over are kept with their steps, the one that runs is read from the events", async () => {
  const id = await live(4);
  const told = await readTimeline(database.db, id);
  assert.deepEqual(told.phases.map(words), [
    "enlist 30 ok: dhcp 1, loader 29",
    "commission 10 ok: agent/inventory 2",
    "deploy 50 ok: power 1, firmware 9, dhcp 1, loader 4, kernel 35",
  ]);
  assert.equal(told.model, "Acme R1");
  assert.equal(told.phases[2]?.usual, null, "one machine is no habit");
  const running = await readTimeline(database.db, await live(5, null));
  assert.equal(
    words(running.phases.at(-1) as Phase),
    "deploy … running: power 1, firmware 9, dhcp 1, loader 5, kernel …",
  );
  const failed = await readTimeline(database.db, await live(5, "failed deployment"));
  assert.deepEqual(
    failed.phases
      .at(-1)
      ?.steps.map(({ name, outcome }) => `${name} ${outcome}`)
      .at(-1),
    "kernel failed",
  );
  await assert.rejects(readTimeline(database.db, "zzzzzz"), NotFound);
});

test("the usual time is the median of machines of the same model, failures left out, from three on", async () => {
  const { db } = database;
  await live(10);
  const id = await live(300);
  const { phases } = await readTimeline(db, id);
  // Loaders of 4, 5, 10 and 300 seconds: also the one whose deployment failed later. What runs does not count.
  const loader = phases.at(-1)?.steps.find(({ name }) => name === "loader");
  assert.deepEqual(loader?.usual, { seconds: 7.5, samples: 4 });
  assert.deepEqual(phases.find(({ name }) => name === "commission")?.usual, { seconds: 10, samples: 5 });
  assert.deepEqual(
    phases.find(({ name }) => name === "enlist")?.usual,
    { seconds: 30, samples: 5 },
    "known afterwards",
  );
  const wish = { vendor: "Acme", product: "R1", phase: "deploy", step: "" } as const;
  assert.deepEqual(await usualTimes(db, [wish, { ...wish, product: "R2" }, { ...wish, vendor: "", product: "" }]), [
    { seconds: 50, samples: 3 },
    null,
    null,
  ]);
  await db.deleteFrom("machines").where("id", "=", id).execute();
  assert.equal((await readTimeline(db, id)).phases.length, 3, "a deleted machine's life stays known");
});

test("many machines end their phases in one batch, with as many statements as one", async () => {
  const { db } = database;
  const machines = await Promise.all(Array.from({ length: 20 }, () => testMachine(db, { status: "ready" })));
  const change = (from: string, to: string, second: number): NewEvent[] =>
    machines.map(({ id }) => ({
      type: "machine.status",
      message: "x",
      machine_id: id,
      at: at(second),
      data: { from, to },
    }));
  await appendEvents(db, change("ready", "testing", 0));
  await appendEvents(db, change("testing", "ready", 7));
  for (const { id } of machines) {
    const { phases } = await readTimeline(db, id);
    assert.deepEqual(phases.map(words), ["test 7 ok: "]);
  }
});
