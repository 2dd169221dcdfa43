import assert from "node:assert/strict";
import { type Server, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Notifications, openNotifications } from "../database/listen.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { noLog } from "../log.ts";
import { testMachine } from "../machines/testing.ts";
import { appendEvent, appendEvents } from "./append.ts";
import { listEvents, readSettled } from "./read.ts";
import { type StreamOptions, streamEvents } from "./stream.ts";
import { type EventTail, followEvents } from "./tail.ts";

let database: TestDatabase;
let notifications: Notifications;
let tail: EventTail;
const stopping = new AbortController();
before(async () => {
  database = await testDatabase();
  notifications = openNotifications({ url: database.url, log: noLog });
  tail = await followEvents({ db: database.db, notifications, log: noLog });
});
after(async () => {
  stopping.abort();
  await tail.close();
  await notifications.close();
  await database.close();
});

const say = (message: string, more: object = {}) =>
  appendEvent(database.db, { type: "rack.problem", message, ...more });
const all = { limit: 1000, order: "asc" } as const;

/** A web server that streams with these options, and a client that collects what comes. */
async function stream(options: Partial<StreamOptions> = {}) {
  const server: Server = createServer((_request, response) => {
    void streamEvents(response, {
      db: database.db,
      tail,
      filter: {},
      after: undefined,
      signal: stopping.signal,
      ...options,
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = (server.address() as AddressInfo).port;
  const seen: { id: number; message: string }[] = [];
  let text = "";
  const request = get({ port, host: "127.0.0.1" });
  const response = await new Promise<import("node:http").IncomingMessage>((resolve) =>
    request.once("response", resolve),
  );
  response.on("error", () => {});
  response.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (text + chunk).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const found = /^id: (\d+)\ndata: (.*)$/s.exec(part);
      if (found)
        seen.push({ id: Number(found[1]), message: (JSON.parse(found[2] ?? "{}") as { message: string }).message });
    }
  });
  return {
    seen,
    response,
    until: async (count: number) => {
      for (const end = performance.now() + 10_000; seen.length < count; await sleep(10))
        if (performance.now() > end) assert.fail(`only ${seen.length} of ${count} events came`);
    },
    close: () => {
      request.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

test("a transaction that commits late is never passed over by a cursor", async () => {
  const start = (await readSettled(database.db)).through;
  const late = await database.db.startTransaction().execute();
  await appendEvent(late, { type: "rack.problem", message: "late" });
  await say("early");
  // The later id is committed, the earlier one is not: neither may be handed out yet.
  assert.deepEqual((await listEvents(database.db, {}, { ...all, cursor: start })).items, []);
  assert.deepEqual(await readSettled(database.db), { through: start, pending: true });
  assert.equal(tail.through(), start);
  const live = await stream({ after: start });
  await late.commit().execute();
  await live.until(2);
  live.close();
  assert.deepEqual(
    live.seen.map(({ message }) => message),
    ["late", "early"],
  );
  const { items } = await listEvents(database.db, {}, { ...all, cursor: start });
  assert.deepEqual(
    items.map(({ message }) => message),
    ["late", "early"],
  );
});

test("a transaction with an older number and a younger id holds nobody for ever when it is rolled back", async () => {
  const start = (await readSettled(database.db)).through;
  const open = await database.db.startTransaction().execute();
  await open.deleteFrom("settings").execute();
  await appendEvent(open, { type: "rack.problem", message: "never" });
  await say("after");
  await open.rollback().execute();
  const { items } = await listEvents(database.db, {}, { ...all, cursor: start });
  assert.deepEqual(
    items.map(({ message }) => message),
    ["after"],
  );
});

test("readers that resume in the midst of many writers see every event once and in order", async () => {
  const start = (await readSettled(database.db)).through;
  const first = await stream({ after: start });
  const writers = Array.from({ length: 8 }, async (_unused, writer) => {
    for (let round = 0; round < 25; round++)
      await database.db.transaction().execute(async (tx) => {
        await appendEvent(tx, { type: "rack.problem", message: `${writer}.${round}a` });
        if (round % 5 === 0) await sleep(5);
        await appendEvent(tx, { type: "rack.problem", message: `${writer}.${round}b` });
      });
  });
  await first.until(100);
  first.close();
  const seen = [...first.seen];
  const second = await stream({ after: seen.at(-1)?.id });
  await Promise.all(writers);
  await second.until(400 - seen.length);
  await sleep(100);
  second.close();
  const ids = [...seen, ...second.seen].map(({ id }) => id);
  assert.equal(new Set([...seen, ...second.seen].map(({ message }) => message)).size, 400);
  assert.deepEqual(
    ids,
    [...ids].sort((a, b) => a - b),
  );
  assert.equal(ids.length, 400);
});

test("filters: machine with its cards, beginning of the type, level; pages both ways", async () => {
  const { id, mac } = await testMachine(database.db);
  const start = (await readSettled(database.db)).through;
  await appendEvents(database.db, [
    { type: "dhcp.ack", mac, message: "1", level: "debug" },
    { type: "dhcp.nak", mac: "52:54:00:ff:ff:ff", message: "2" },
    { type: "machine.status", machine_id: id, message: "3" },
    { type: "power.failed", machine_id: id, message: "4", level: "error" },
  ]);
  const messages = async (
    filter: Parameters<typeof listEvents>[1],
    page: Partial<Parameters<typeof listEvents>[2]> = {},
  ) => {
    const { items, next } = await listEvents(database.db, filter, { ...all, cursor: start, ...page });
    return [items.map(({ message }) => message).join(""), next];
  };
  assert.deepEqual(await messages({ machine: id }), ["134", null]);
  assert.deepEqual(await messages({ type: "dhcp" }), ["12", null]);
  assert.deepEqual(await messages({ type: "d_cp" }), ["", null]);
  assert.deepEqual(await messages({ level: "info" }), ["234", null]);
  assert.deepEqual(await messages({}, { limit: 3 }), ["123", String(start + 3)]);
  assert.deepEqual(await messages({}, { order: "desc", cursor: start + 4, limit: 2 }), ["32", String(start + 2)]);
  const live = await stream({ after: start, filter: { machine: id, type: "machine" } });
  await live.until(1);
  live.close();
  assert.deepEqual(
    live.seen.map(({ message }) => message),
    ["3"],
  );
});

test("a stream without a cursor begins now, and tells that it is alive", async () => {
  await say("before");
  await tail.past(tail.through() - 1, AbortSignal.timeout(1000));
  await sleep(200);
  const live = await stream({ heartbeat: 20 });
  await new Promise<void>((resolve) =>
    live.response.on("data", (chunk: string) => chunk.includes(": alive") && resolve()),
  );
  await say("now");
  await live.until(1);
  live.close();
  assert.deepEqual(
    live.seen.map(({ message }) => message),
    ["now"],
  );
});

test("a client that takes nothing is dropped and misses nothing when it comes back", async () => {
  const start = (await readSettled(database.db)).through;
  for (let batch = 0; batch < 20; batch++)
    await appendEvents(
      database.db,
      Array.from({ length: 200 }, (_unused, index) => ({
        type: "rack.problem" as const,
        message: `${batch * 200 + index}`.padEnd(2000, "."),
      })),
    );
  const slow = await stream({ after: start, slowLimit: 200 });
  slow.response.pause();
  await new Promise<void>((resolve) => {
    slow.response.once("close", resolve);
    setTimeout(() => slow.response.resume(), 1500);
  });
  const rest = await stream({ after: slow.seen.at(-1)?.id ?? start });
  await rest.until(4000 - slow.seen.length);
  slow.close();
  rest.close();
  assert.ok(slow.seen.length < 4000);
  assert.equal(new Set([...slow.seen, ...rest.seen].map(({ id }) => id)).size, 4000);
});

test("text that PostgreSQL cannot store is made storable", async () => {
  const start = (await readSettled(database.db)).through;
  await appendEvent(database.db, {
    type: "agent.log",
    message: "a\0b\uD800",
    data: { "k\0": ["\uDC00", "\\u0000 literally"] },
  });
  const { items } = await listEvents(database.db, {}, { ...all, cursor: start });
  assert.equal(items[0]?.message, "a\uFFFDb\uFFFD");
  assert.deepEqual(items[0].data, { "k\uFFFD": ["\uFFFD", "\\u0000 literally"] });
});
