import assert from "node:assert/strict";
import test from "node:test";
import type { Timers } from "@rackwright/ipmi";
import type { ObservedState, PowerDriver } from "./driver.ts";
import { PowerError } from "./errors.ts";
import { createIpmiDriver } from "./ipmi.ts";
import { createPowerService } from "./service.ts";

/** A clock that jumps to each timer, and remembers the jumps in seconds. */
function jumpingTimers() {
  let time = 0;
  const jumps: number[] = [];
  const timers: Timers = {
    now: () => time,
    after(milliseconds, run) {
      time += milliseconds;
      jumps.push(milliseconds / 1000);
      queueMicrotask(run);
      return () => {};
    },
  };
  return { timers, jumps };
}

type Step = ObservedState | PowerError;

/** A driver that plays a script: what `on` and `query` give, one after the other, the last for ever. */
function scripted(on: readonly (PowerError | "done")[], query: readonly Step[]) {
  const calls: string[] = [];
  const play = <T>(name: string, script: readonly (T | PowerError)[]) => {
    let at = 0;
    return async (): Promise<T> => {
      calls.push(name);
      const step = script[Math.min(at, script.length - 1)];
      at += 1;
      if (step instanceof PowerError || step === undefined) throw step;
      return step;
    };
  };
  const act = play("on", on);
  const target = {
    key: "bmc",
    on: async () => void (await act()),
    off: async () => {},
    reset: async () => {},
    query: play("query", query),
    warnings: [],
  };
  const { waits } = createIpmiDriver({
    client: { withSession: () => Promise.reject(new Error("unused")) },
    resolve: async (host) => host,
  });
  const driver: PowerDriver = { queryable: true, waits, target: async () => target };
  return { calls, driver };
}

const busy = new PowerError("bmc-busy", "busy", { next: "wait" });
const auth = new PowerError("bmc-auth", "auth", { next: "check", fatal: true });

async function play(on: readonly (PowerError | "done")[], query: readonly Step[], within?: number) {
  const { calls, driver } = scripted(on, query);
  const { timers, jumps } = jumpingTimers();
  const service = createPowerService({ drivers: { scripted: driver }, timers });
  const request = { driver: "scripted", parameters: {}, action: "on", within } as const;
  const end = await service.perform(request).then(
    ({ state }) => state,
    (error: unknown) => (error instanceof PowerError ? error.code : String(error)),
  );
  return { end, calls: calls.join(" "), jumps, again: () => service.perform(request) };
}

test("on, seen after a second", async () => {
  const { end, calls, jumps } = await play(["done"], ["on"]);
  assert.deepEqual([end, calls, jumps], ["on", "on query", [1]]);
});

test("a machine that takes its time is looked at after 1, 2 and 4 s, and not acted on again", async () => {
  const { end, calls, jumps } = await play(["done"], ["off", "off", "on"]);
  assert.deepEqual([end, calls, jumps], ["on", "on query query query", [1, 1, 2]]);
});

test("never on: acted again after 4, 8, 16 and 32 s", async () => {
  const { end, calls, jumps } = await play(["done"], ["off"]);
  assert.equal(end, "bmc-lies");
  assert.deepEqual(
    calls
      .split("on ")
      .slice(1)
      .map((looks) => looks.trim().split(" ").length),
    [3, 4, 5, 6],
  );
  const seconds = (from: number, to: number): number => jumps.slice(from, to).reduce((sum, one) => sum + one, 0);
  assert.deepEqual([seconds(0, 3), seconds(3, 7), seconds(7, 12), seconds(12, 18)], [4, 8, 16, 32]);
});

test("an answer is due: what was seen by then is told, and no attempt begins that would be too late", async () => {
  const lies = await play(["done"], ["off"], 15_000);
  assert.deepEqual([lies.end, lies.jumps.reduce((sum, one) => sum + one, 0)], ["bmc-lies", 15]);
  const always = await play([busy], ["on"], 15_000);
  assert.deepEqual([always.end, always.calls, always.jumps], ["bmc-busy", "on on on", [4, 8]]);
});

test("a busy BMC is acted on again after a wait, and not waited for after the last try", async () => {
  const twice = await play([busy, busy, "done"], ["on"]);
  assert.deepEqual([twice.end, twice.calls, twice.jumps], ["on", "on on on query", [4, 8, 1]]);
  const always = await play([busy], ["on"]);
  assert.deepEqual([always.end, always.calls, always.jumps], ["bmc-busy", "on on on on", [4, 8, 16]]);
});

test("an action that worked is not repeated because looking failed", async () => {
  const { end, calls } = await play(["done"], [busy, busy, "on"]);
  assert.deepEqual([end, calls], ["on", "on query query query"]);
});

test("wrong credentials end it at once", async () => {
  assert.deepEqual((await play([auth], ["on"])).jumps, []);
  assert.equal((await play(["done"], [auth])).end, "bmc-auth");
});

test("the next action on the same BMC comes at least 5 s after the last", async () => {
  const { again, jumps } = await play(["done"], ["on"]);
  await again();
  assert.deepEqual(jumps, [1, 5, 1]);
});
