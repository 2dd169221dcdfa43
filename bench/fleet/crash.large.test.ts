import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import test from "node:test";
import { macOf } from "@rackwright/lab";
import { type Database, openDatabase } from "@rackwright/region";
import { seeded } from "../../packages/ipmi/simulation/random.ts";
import { crashAgainAndAgain } from "./crashes.ts";
import { followEvents } from "./follow.ts";
import { inconsistencies } from "./consistent.ts";
import { liveLong, type LongLifeEnd } from "./long-life.ts";
import { type FleetSite, openFleetSite } from "./site.ts";
import { listMachines } from "./table.ts";

const machines = Array.from({ length: 24 }, (_, at) => ({ number: at + 1 }));
/** Seconds without a sign of life until a status has failed, and altogether: far more than all programs are away. */
const silence = 90;
const total = 300;
const mostCrashes = 7;
/** Of the crashes, set RACKWRIGHT_CRASH_SEED to see the same ones again. */
const seed = Number(process.env["RACKWRIGHT_CRASH_SEED"] ?? randomInt(2 ** 31));

test(
  `programs crash again and again while ${machines.length} machines live: nothing is stuck, lost or doubled (seed ${seed})`,
  { skip: process.getuid?.() === 0 ? false : "needs root", timeout: 900_000 },
  async (t) => {
    await using site = await openFleetSite({
      name: "crash",
      port: 15_282,
      machines,
      silence,
      total,
      log: (line) => t.diagnostic(line),
    });
    const over = new AbortController();
    const heard = new Set<number>();
    const again: number[] = [];
    const following = followEvents(site.client, {
      types: "machine",
      signal: over.signal,
      take: ({ id }) => void (heard.has(id) ? again.push(id) : heard.add(id)),
    });
    await using table = listMachines(site.client);
    const crashing = crashAgainAndAgain(site, { random: seeded(seed), most: mostCrashes, signal: over.signal });
    await using ending = new AsyncDisposableStack();
    ending.defer(async () => {
      over.abort();
      await Promise.all([crashing, following]);
    });
    const began = performance.now();
    const ends = await Promise.all(
      machines.map(({ number }) => liveLong(number, { site, table, patience: total + silence })),
    );
    t.diagnostic(`${Math.round((performance.now() - began) / 1000)} s`);
    await using db = openDatabase({ url: site.database, size: 1 });
    await waitFor("rest", () => unsettled(site, db));
    const told = await eventsOfMachines(db);
    await waitFor("a follower of the events to hear all", () => Promise.resolve(told.filter((id) => !heard.has(id))));
    over.abort();
    t.diagnostic(`seed ${seed}, killed: ${(await crashing).join(", ")}`);

    for (const end of ends) assert.ok(isFair(end), `seed ${seed}: ${JSON.stringify(end)}`);
    const done = ends.filter(({ kind }) => kind === "done").length;
    t.diagnostic(`${done} of ${ends.length} machines came through all of their life`);
    for (const end of ends) if (end.kind !== "done") t.diagnostic(JSON.stringify(end));
    assert.ok(done > ends.length / 2, `seed ${seed}: only ${done} came through`);
    assert.deepEqual(await inconsistencies(db), [], `seed ${seed}`);
    assert.deepEqual(again, [], `seed ${seed}: events that a follower heard twice`);
  },
);

/** A life that came to its end, or to a failure that says what happened and what to do. */
function isFair({ kind, failure }: LongLifeEnd): boolean {
  if (kind !== "failed" || failure === null) return kind === "done";
  return failure.code !== "" && failure.message !== "" && failure.next !== "";
}

/** Asks until nothing is left to wait for, for two minutes. */
async function waitFor(what: string, left: () => Promise<readonly unknown[]>): Promise<void> {
  for (const end = performance.now() + 120_000; ;) {
    const missing = await left().catch((error: unknown) => [String(error)]);
    if (missing.length === 0) return;
    assert.ok(performance.now() < end, `seed ${seed}: waited in vain for ${what}: ${missing.slice(0, 20).join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function eventsOfMachines(db: Database): Promise<number[]> {
  const rows = await db
    .selectFrom("events")
    .select("id")
    .where(({ fn, eb }) => eb(fn("starts_with", ["type", eb.val("machine")]), "=", true))
    .execute();
  return rows.map(({ id }) => id);
}

/** What is on its way yet: deadlines, and ready machines that still run. */
async function unsettled(site: FleetSite, db: Database): Promise<string[]> {
  const running = new Set((await site.fleet.powered()).map((number) => macOf(number)));
  const rows = await db.selectFrom("machines").select(["hostname", "status", "deadline", "boot_mac"]).execute();
  return rows.flatMap(({ hostname, status, deadline, boot_mac: mac }) => [
    ...(deadline === null ? [] : [`${hostname} is ${status} until ${deadline.toISOString()}`]),
    ...(status === "ready" && mac !== null && running.has(mac) ? [`${hostname} is ready and runs`] : []),
  ]);
}
