import assert from "node:assert/strict";
import { appendFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { LinkFailure, type RackEvent } from "@rackwright/contract";
import { asyncProperty, array, assert as checkProperty, constantFrom } from "fast-check";
import { EventQueue, type EventLimits } from "./events.ts";
import { noLog, until } from "./testing.ts";

const lost = new LinkFailure({ code: "link-lost", message: "lost", next: "wait" });
const limits = { gather: 1, retry: 5 };

/** A region that takes events once, as the real one does. */
function makeRegion() {
  const region = {
    away: false,
    /** Takes the batch but its acknowledgement is lost. */
    forgetful: false,
    taken: [] as string[],
    through: new Map<string, number>(),
    report: (boot: string, events: RackEvent[]): Promise<number> => {
      if (region.away) return Promise.reject(lost);
      for (const { sequence, message } of events) {
        if (sequence <= (region.through.get(boot) ?? -1)) continue;
        region.through.set(boot, sequence);
        region.taken.push(message);
      }
      return region.forgetful ? Promise.reject(lost) : Promise.resolve(region.through.get(boot) ?? -1);
    },
  };
  return region;
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rw-events-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}
const open = (folder: string, region: ReturnType<typeof makeRegion>, more: Partial<EventLimits> = {}) =>
  EventQueue.open({ folder, report: region.report, log: noLog, limits: { ...limits, ...more } });
const say = (queue: EventQueue, message: string): void => queue.emit({ type: "dhcp.ack", message });

test("events are sent in batches, in order, each once, also when acknowledgements are lost", async (t) => {
  const region = makeRegion();
  const queue = await open(await makeFolder(t), region, { batch: 10 });
  const messages = Array.from({ length: 95 }, (_, n) => `event ${n}`);
  region.forgetful = true;
  for (const message of messages) say(queue, message);
  await until(() => region.taken.length >= 10);
  region.forgetful = false;
  await until(() => region.taken.length === 95);
  assert.deepEqual(region.taken, messages);
  await queue.stop();
});

test("events of a time without region survive a restart of the rack and come before later ones", async (t) => {
  const region = makeRegion();
  const folder = await makeFolder(t);
  region.away = true;
  const first = await open(folder, region);
  say(first, "a");
  await until(() => first.waiting.bytes > 0, "the spill");
  say(first, "b");
  await first.stop();
  assert.equal((await readdir(folder)).length, 1);
  const second = await open(folder, region);
  say(second, "c");
  await until(() => second.waiting.events === 0, "the second spill");
  region.away = false;
  second.linked();
  say(second, "d");
  await until(() => region.taken.length === 4);
  assert.deepEqual(region.taken, ["a", "b", "c", "d"]);
  await until(() => second.waiting.bytes === 0);
  await second.stop();
  assert.deepEqual(await readdir(folder), []);
  assert.equal(region.through.size, 2, "each run has its own identity");
});

test("what is emitted while others are put on disk is not lost", async (t) => {
  const region = makeRegion();
  region.away = true;
  const queue = await open(await makeFolder(t), region, { gather: 0 });
  const messages = Array.from({ length: 400 }, (_, n) => `event ${n}`);
  for (const message of messages) {
    say(queue, message);
    await new Promise(setImmediate);
  }
  region.away = false;
  queue.linked();
  await until(() => region.taken.length === messages.length, "all to be told");
  assert.deepEqual(region.taken, messages);
  await queue.stop();
});

test("what a crash left half-written is passed over, the rest is told", async (t) => {
  const region = makeRegion();
  const folder = await makeFolder(t);
  region.away = true;
  const first = await open(folder, region);
  say(first, "a");
  await first.stop();
  const [name] = await readdir(folder);
  await appendFile(join(folder, name ?? ""), 'garbage\n{"sequence":1,"at":"2026-01-01T00:0');
  region.away = false;
  const second = await open(folder, region);
  say(second, "b");
  await until(() => region.taken.length === 2);
  assert.deepEqual(region.taken, ["a", "b"]);
  await second.stop();
  assert.deepEqual(await readdir(folder), []);
});

test("memory and disk are bounded; how many were lost is told", async (t) => {
  const region = makeRegion();
  const queue = await open(await makeFolder(t), region, { memory: 50, disk: 1000 });
  region.away = true;
  for (let n = 0; n < 60; n++) say(queue, `event ${n}`);
  await until(() => queue.waiting.bytes > 1000, "the spill");
  for (let n = 60; n < 70; n++) say(queue, `event ${n}`);
  await until(() => queue.waiting.events === 0);
  region.away = false;
  await until(() => region.taken.length === 51);
  assert.match(region.taken.at(-1) ?? "", /^20 events of this rack were lost/);
  await queue.stop();
});

test("a batch the region never takes does not hold up the rest", async (t) => {
  const region = makeRegion();
  const refused = new LinkFailure({ code: "link-message-invalid", message: "no", next: "update" });
  const queue = await EventQueue.open({
    folder: await makeFolder(t),
    log: noLog,
    limits: { ...limits, batch: 1 },
    report: (boot, events) =>
      events.some(({ message }) => message === "poison") ? Promise.reject(refused) : region.report(boot, events),
  });
  for (const message of ["a", "poison", "b"]) say(queue, message);
  await until(() => region.taken.length === 3);
  assert.deepEqual(region.taken.slice(0, 2), ["a", "b"]);
  await queue.stop();
});

test("whatever happens to link and rack, each event comes once and in order (property)", async (t) => {
  const folder = await makeFolder(t);
  const step = constantFrom("say", "say", "say", "away", "back", "forget", "restart", "wait");
  await checkProperty(
    asyncProperty(array(step, { maxLength: 25 }), async (steps) => {
      const region = makeRegion();
      let queue = await open(folder, region, { batch: 3 });
      const said: string[] = [];
      for (const each of steps) {
        if (each === "say") say(queue, said[said.push(`event ${said.length}`) - 1] ?? "");
        if (each === "away") region.away = true;
        if (each === "forget") region.forgetful = !region.forgetful;
        if (each === "back") region.away = false;
        if (each === "wait") await new Promise((resolve) => setTimeout(resolve, 4));
        if (each !== "restart") continue;
        await queue.stop();
        queue = await open(folder, region, { batch: 3 });
      }
      region.away = region.forgetful = false;
      queue.linked();
      await until(() => region.taken.length >= said.length && queue.waiting.bytes === 0, "delivery");
      await queue.stop();
      assert.deepEqual(region.taken, said);
    }),
    { numRuns: 40 },
  );
});
