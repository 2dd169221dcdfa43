import assert from "node:assert/strict";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Problem,
  type Webhook,
  type WebhookDelivery,
  pageOf,
  webhook,
  webhookDelivery,
} from "@rackwright/contract";
import { openJobs } from "../database/jobs.ts";
import { openNotifications } from "../database/listen.ts";
import { openPool } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { followEvents } from "../events/tail.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { noLog } from "../log.ts";
import { testMachine } from "../machines/testing.ts";
import { signedHeaders } from "./sign.ts";
import { startWebhooks } from "./worker.ts";

type Received = { headers: IncomingMessage["headers"]; body: string; path: string };

const secret = "a secret of sixteen";
const received: Received[] = [];
/** What the receiver does, by path. */
const answers = new Map<string, (response: ServerResponse) => void>();
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const path = request.url ?? "";
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), path });
    (answers.get(path) ?? ((one) => one.end("thanks")))(response);
  });
});

let api: TestApi;
let origin: string;
const ends: (() => unknown)[] = [];
before(async () => {
  api = await testApi({ local: true });
  const { url } = api.database;
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const pool = openPool({ url, size: 5 });
  const jobs = openJobs(pool, { serve: false });
  await jobs.start();
  const notifications = openNotifications({ url, log: noLog });
  const tail = await followEvents({ db: api.database.db, notifications, log: noLog });
  // Two regions at once: no event is told twice.
  const started = [1, 2].map(() =>
    startWebhooks({
      db: api.db,
      jobs,
      notifications,
      tail,
      clock: { now: () => new Date() },
      log: noLog,
      version: "1.2.3",
      pollEvery: 50,
      retries: { delay: 0, limit: 2 },
      sending: { timeout: 300 },
    }),
  );
  ends.push(
    ...started.map((one) => () => one.stop()),
    () => jobs.stop({ graceful: false }),
    () => tail.close(),
    () => notifications.close(),
    () => pool.end(),
  );
});
after(async () => {
  for (const end of ends) await end();
  receiver.closeAllConnections();
  receiver.close();
  await api.close();
});

const ask = (method: "GET" | "POST" | "PATCH" | "DELETE", url: string, body?: object) =>
  api.app.inject({ method, url: `/api/v1${url}`, ...(body && { payload: body }) });
async function make(path: string, more: object = {}): Promise<Webhook> {
  const answer = await ask("POST", "/webhooks", { url: `${origin}${path}`, secret, ...more });
  assert.equal(answer.statusCode, 201, answer.body);
  return webhook.parse(answer.json());
}
const log = async (id: number): Promise<WebhookDelivery[]> =>
  pageOf(webhookDelivery).parse((await ask("GET", `/webhooks/${id}/deliveries`)).json()).items;
async function until<T>(what: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const value = await what();
    if (holds(value)) return value;
    assert.ok(performance.now() < deadline, JSON.stringify(value));
    await sleep(30);
  }
}
const at = (path: string): Received[] => received.filter((one) => one.path === path);
const tell = (message: string, more: object = {}) =>
  appendEvent(api.database.db, { type: "network.problem", message, ...more });

test("a private receiver needs the setting, and what cannot be delivered to is refused at once", async () => {
  const refused = await ask("POST", "/webhooks", { url: `${origin}/a`, secret });
  assert.equal(refused.statusCode, 400);
  assert.match(refused.json<Problem>().detail, /private network, and the setting webhook_addresses is 'public'/);
  assert.equal((await ask("PATCH", "/settings", { webhook_addresses: "private" })).statusCode, 200);
  for (const body of [
    { url: "ftp://example.org/", secret },
    { url: "http://user:pass@example.org/", secret },
    { url: "http://169.254.169.254/latest", secret },
    { url: "http://[::]/", secret },
    { url: `${origin}/a`, secret: "short" },
    { url: `${origin}/a`, secret, types: ["nonsense"] },
    { url: `${origin}/a`, secret, filter: "colour:red" },
    { url: `${origin}/a` },
  ])
    assert.equal((await ask("POST", "/webhooks", body)).statusCode, 400, JSON.stringify(body));
});

test("events that are wanted are told once each, signed, in words of the contract", async () => {
  const { id: machineId } = await testMachine(api.database.db, { hostname: "told-1" });
  const other = await testMachine(api.database.db, { hostname: "other-1" });
  const hook = await make("/good", {
    types: ["machine.failed", "network"],
    level: "warning",
    filter: "hostname:told*",
  });
  assert.ok(!("secret" in hook));
  await tell("too light", { machine_id: machineId });
  await tell("of another machine", { machine_id: other.id, level: "error" });
  await appendEvent(api.database.db, {
    type: "power.failed",
    message: "of another type",
    machine_id: machineId,
    level: "error",
  });
  await tell("wanted", { machine_id: machineId, level: "error" });
  const [one] = await until(
    async () => at("/good"),
    (all) => all.length > 0,
  );
  const [delivery] = await until(
    () => log(hook.id),
    ([first]) => first?.state === "delivered",
  );
  assert.deepEqual([delivery?.attempts, delivery?.status, delivery?.answer], [1, 200, "thanks"]);
  const body = JSON.parse(one?.body ?? "") as { type: string; data: { message: string; machine_id: string } };
  assert.deepEqual([body.type, body.data.message, body.data.machine_id], ["network.problem", "wanted", machineId]);
  const sent = new Date(Number(one?.headers["webhook-timestamp"]) * 1000);
  const expected = signedHeaders(secret, { id: `delivery_${delivery?.id}`, at: sent, body: one?.body ?? "" });
  assert.equal(one?.headers["webhook-signature"], expected["webhook-signature"]);
  assert.equal(at("/good").length, 1);
  const again = await ask("POST", `/webhooks/${hook.id}/deliveries/${delivery?.id}/redeliver`);
  assert.equal(again.statusCode, 202);
  await until(
    async () => at("/good"),
    (all) => all.length === 2,
  );
  assert.equal(at("/good")[1]?.headers["webhook-id"], one?.headers["webhook-id"]);
  await until(
    () => log(hook.id),
    ([first]) => first?.attempts === 2,
  );
  assert.equal((await ask("DELETE", `/webhooks/${hook.id}`)).statusCode, 204);
});

test("a receiver that fails, hangs or redirects is tried again, and then given up with the reason", async () => {
  answers.set("/fails", (response) => response.writeHead(503).end("down"));
  answers.set("/hangs", () => {});
  answers.set("/redirects", (response) => response.writeHead(302, { location: `${origin}/stolen` }).end());
  const hooks = await Promise.all(["/fails", "/hangs", "/redirects"].map((path) => make(path, { types: ["network"] })));
  await tell("to all three");
  const reasons = await Promise.all(
    hooks.map(async ({ id }) => {
      const [first] = await until(
        () => log(id),
        ([one]) => one?.state === "failed",
      );
      return [first?.attempts, first?.error];
    }),
  );
  assert.deepEqual(reasons, [
    [3, "it answered 503"],
    [3, "there was no whole answer within 0.3 seconds"],
    [3, "it answered 302, a redirect, which is not followed"],
  ]);
  assert.equal(at("/stolen").length, 0);
  answers.delete("/fails");
  const [failing] = hooks;
  const [delivery] = await log(failing?.id ?? 0);
  await ask("POST", `/webhooks/${failing?.id}/deliveries/${delivery?.id}/redeliver`);
  await until(
    () => log(failing?.id ?? 0),
    ([one]) => one?.state === "delivered",
  );
  assert.equal((await ask("GET", `/webhooks/${failing?.id}`)).json<Webhook>().failing_since, null);
  for (const { id } of hooks) await ask("DELETE", `/webhooks/${id}`);
});

test("one that failed for days is disabled with an event, and is told what comes after it is enabled again", async () => {
  answers.set("/gone", (response) => response.writeHead(410).end());
  const hook = await make("/gone", { types: ["network"] });
  const long = new Date(Date.now() - 100 * 3_600_000);
  await api.database.db.updateTable("webhooks").set({ failing_since: long }).where("id", "=", hook.id).execute();
  await tell("the last");
  const disabled = await until(
    async () => (await ask("GET", `/webhooks/${hook.id}`)).json<Webhook>(),
    ({ enabled }) => !enabled,
  );
  assert.match(
    disabled.disabled_reason ?? "",
    /^Every attempt failed for more than 72 hours, the last because it answered 410\.$/,
  );
  const events = (await ask("GET", "/events?type=webhook.disabled")).json<{ items: { data: object }[] }>();
  assert.deepEqual(
    events.items.map(({ data }) => data),
    [{ webhook_id: hook.id }],
  );
  await tell("missed");
  answers.delete("/gone");
  const enabled = (await ask("PATCH", `/webhooks/${hook.id}`, { enabled: true })).json<Webhook>();
  assert.deepEqual([enabled.enabled, enabled.disabled_reason, enabled.failing_since], [true, null, null]);
  await tell("again");
  await until(
    async () => at("/gone").filter(({ body }) => body.includes('"again"')),
    (all) => all.length === 1,
  );
  assert.equal(at("/gone").filter(({ body }) => body.includes('"missed"')).length, 0);
});

test("the secret is in no answer, event or list, and sealed in the database", async () => {
  const { id } = await make("/quiet?token=abcdef", { types: ["image"], secret: `${secret} of mine` });
  await ask("PATCH", `/webhooks/${id}`, { secret: `${secret} of ours` });
  const seen = [
    (await ask("GET", "/webhooks")).body,
    (await ask("GET", "/events?type=webhook&order=desc")).body,
    JSON.stringify(await api.database.db.selectFrom("webhooks").selectAll().execute()),
  ].join("\n");
  assert.doesNotMatch(seen, /sixteen of (mine|ours)/);
  assert.doesNotMatch((await ask("GET", "/events?type=webhook&order=desc")).body, /abcdef/);
});
