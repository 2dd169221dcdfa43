import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openNotifications } from "../database/listen.ts";
import { appendEvent } from "../events/append.ts";
import { streamEvents } from "../events/stream.ts";
import { followEvents } from "../events/tail.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { noLog } from "../log.ts";
import { testMachine } from "../machines/testing.ts";
import type { Caller } from "./access.ts";
import { readCaller } from "./caller.ts";
import { createUser } from "./users.ts";

let api: TestApi;
let local = false;
let now = new Date();
const by = { actor: "root", now };
before(async () => {
  api = await testApi({ local: () => local, clock: { now: () => now } });
  await createUser(api.database.db, { username: "anna", password: "battery staple", administrator: false }, by);
});
after(() => api.close());

type Asked = { headers?: Record<string, string>; payload?: object; method?: "GET" | "POST" | "PATCH" | "DELETE" };
const ask = async (url: string, { headers = {}, payload, method = "GET" }: Asked = {}) => {
  const answer = await api.app.inject({ url: `/api/v1${url}`, method, headers, ...(payload && { payload }) });
  const body = answer.body === "" ? {} : answer.json<Record<string, unknown>>();
  return { status: answer.statusCode, body, items: (body["items"] ?? []) as Record<string, unknown>[], answer };
};
const asRoot = async (url: string, asked: Asked = {}) => {
  local = true;
  try {
    return await ask(url, asked);
  } finally {
    local = false;
  }
};
const logIn = async (username: string, password: string, agent = "test") => {
  const { answer, body } = await ask("/sessions", {
    method: "POST",
    payload: { username, password },
    headers: { "user-agent": agent },
  });
  const cookie = String(answer.headers["set-cookie"]).split(";")[0] ?? "";
  return { status: answer.statusCode, headers: { cookie, "x-csrf-token": String(body["csrf_token"]) } };
};

test("own sessions: told with where they came from, ended one by one or all, of others not at all", async () => {
  const [desk, phone, lent] = [
    await logIn("anna", "battery staple", "desk"),
    await logIn("anna", "battery staple", "phone"),
    await logIn("anna", "battery staple", "lent"),
  ];
  const { items } = await ask("/sessions", { headers: desk.headers });
  assert.deepEqual(
    items.map(({ user_agent, current, address, provider }) => [user_agent, current, address, provider]),
    [
      ["lent", false, "127.0.0.1", "password"],
      ["phone", false, "127.0.0.1", "password"],
      ["desk", true, "127.0.0.1", "password"],
    ],
  );
  const id = items.find((one) => one["user_agent"] === "lent")?.["id"];
  assert.equal((await ask(`/sessions/${String(id)}`, { method: "DELETE", headers: desk.headers })).status, 204);
  assert.equal((await ask("/self", { headers: lent.headers })).status, 401);
  assert.equal((await ask("/self", { headers: phone.headers })).status, 200);
  assert.equal((await ask("/users/root/sessions", { headers: desk.headers })).status, 403);
  assert.equal((await ask("/sessions", { method: "DELETE", headers: desk.headers })).status, 204);
  for (const one of [desk, phone]) assert.equal((await ask("/self", { headers: one.headers })).status, 401);
});

test("the length of a session is a setting", async () => {
  assert.equal((await asRoot("/settings", { method: "PATCH", payload: { session_length: 120 } })).status, 200);
  const { headers } = await logIn("anna", "battery staple");
  assert.equal((await ask("/self", { headers })).status, 200);
  now = new Date(now.getTime() + 121_000);
  assert.equal((await ask("/self", { headers })).status, 401);
  await asRoot("/settings", { method: "PATCH", payload: { session_length: 604_800 } });
});

test("API keys: read only, of one pool, with an end, and with the moment of their last use", async () => {
  const { headers } = await logIn("anna", "battery staple");
  const make = async (payload: object) => ask("/tokens", { method: "POST", headers, payload });
  const bearer = (made: Awaited<ReturnType<typeof make>>) => ({ authorization: `Bearer ${String(made.body["key"])}` });
  const reading = await make({ name: "reading", scope: "read" });
  assert.equal((await ask("/machines", { headers: bearer(reading) })).status, 200);
  const refused = await ask("/machines/allocate", { method: "POST", payload: {}, headers: bearer(reading) });
  assert.deepEqual([refused.status, refused.body["detail"]], [403, "This API key may read only."]);
  const ending = await make({ name: "ending", expires_at: new Date(now.getTime() + 60_000).toISOString() });
  assert.equal((await ask("/self", { headers: bearer(ending) })).status, 200);
  now = new Date(now.getTime() + 61_000);
  assert.equal((await ask("/self", { headers: bearer(ending) })).status, 401);
  assert.equal((await make({ expires_at: now.toISOString() })).status, 400);
  assert.equal((await make({ pool: "nowhere" })).status, 400);
  await asRoot("/pools", { method: "POST", payload: { name: "lab" } });
  const pooled = await make({ name: "pooled", pool: "lab" });
  assert.deepEqual((await ask("/self", { headers: bearer(pooled) })).body["grants"], [{ role: "user", pool: "lab" }]);
  const { items } = await ask("/tokens", { headers });
  assert.deepEqual(
    items.map(({ name, scope, pool, last_used_at }) => [name, scope, pool, last_used_at !== null]),
    [
      ["reading", "read", null, true],
      ["ending", "all", null, true],
      ["pooled", "all", "lab", true],
    ],
  );
  // With its pool the key goes: it must not become one of every pool.
  await asRoot("/pools/lab", { method: "DELETE" });
  assert.equal((await ask("/self", { headers: bearer(pooled) })).status, 401);
});

test("a hash from a MAAS is taken once, and is one of ours from then on", async () => {
  const { db } = api.database;
  const hash = `pbkdf2_sha256$1000$salt$${pbkdf2Sync("django one", "salt", 1000, 32, "sha256").toString("base64")}`;
  const { id } = await createUser(db, { username: "django", password: "soon replaced", administrator: false }, by);
  const stored = async () =>
    (await db.selectFrom("users").select("password_hash").where("id", "=", id).executeTakeFirstOrThrow()).password_hash;
  for (const bad of [
    hash.replace("$1000$", "$0$"),
    hash.replace("$1000$", "$999999999$"),
    `${hash}x`,
    "pbkdf2_sha256$",
  ]) {
    await db.updateTable("users").set({ password_hash: bad }).where("id", "=", id).execute();
    assert.equal((await logIn("django", "django one")).status, 401, bad);
    assert.equal(await stored(), bad);
  }
  await db.updateTable("users").set({ password_hash: hash }).where("id", "=", id).execute();
  assert.equal((await logIn("django", "another")).status, 401);
  assert.equal((await logIn("django", "django one")).status, 201);
  assert.match(await stored(), /^\$argon2id\$/);
  assert.equal((await logIn("django", "django one")).status, 201);
});

test("rights that are taken away end what an open stream of events shows, and at last the stream", async () => {
  const { db } = api.database;
  const notifications = openNotifications({ url: api.database.url, log: noLog });
  const tail = await followEvents({ db, notifications, log: noLog });
  const { id: anna } = await db
    .selectFrom("users")
    .select("id")
    .where("username", "=", "anna")
    .executeTakeFirstOrThrow();
  let listens: () => Promise<Caller | null> = () => readCaller(db, anna);
  const server = createServer(
    (_request, response) =>
      void streamEvents(response, {
        db,
        tail,
        filter: {},
        viewer: () => listens(),
        after: undefined,
        signal: new AbortController().signal,
        heartbeat: 50,
      }),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const sent = request({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let seen = "";
  response.on("data", (piece: Buffer) => (seen += piece.toString()));
  const until = async (done: () => boolean) => {
    for (let waited = 0; !done() && waited < 20_000; waited += 20) await sleep(20);
    assert.ok(done(), seen);
  };
  const tell = (machine_id: string, message: string) =>
    appendEvent(db, { type: "machine.status", machine_id, message });
  const [free, others, own] = [
    await testMachine(db),
    await testMachine(db, { owner_id: 1 }),
    await testMachine(db, { owner_id: anna }),
  ];
  await tell(others.id, "of another's machine");
  await tell(free.id, "of a free machine");
  await until(() => seen.includes("of a free machine"));
  await asRoot("/users/anna", { method: "PATCH", payload: { grants: [] } });
  const signs = () => seen.split(": alive").length;
  const before = signs();
  // A look that began after the change is over when three more signs of life have come.
  await until(() => signs() > before + 3);
  await tell(free.id, "of a machine that is hidden now");
  await tell(own.id, "of a machine of hers");
  await until(() => seen.includes("of a machine of hers"));
  assert.doesNotMatch(seen, /another's|hidden now/);
  const closed = once(response, "close");
  listens = async () => null;
  await closed;
  server.close();
  await tail.close();
  await notifications.close();
});
