import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { plan, problem, type Plan, type Problem } from "@rackwright/contract";
import { sql } from "kysely";
import { testMachine } from "../machines/testing.ts";
import { type TestApi, testApi } from "./testing.ts";

let api: TestApi;
before(async () => {
  api = await testApi({ local: true });
});
after(() => api.close());

type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
const ask = (method: Method, url: string, body?: object, headers: Record<string, string> = {}) =>
  api.app.inject({ method, url: `/api/v1${url}`, headers, ...(body !== undefined && { payload: body }) });
const tagOf = async (url: string): Promise<string> => String((await ask("GET", url)).headers["etag"]);
const refusal = async (answer: ReturnType<typeof ask>): Promise<Problem> => {
  const told = await answer;
  assert.match(String(told.headers["content-type"]), /^application\/problem\+json/, told.body);
  return problem.parse(told.json());
};

/** Everything a request might leave behind. */
async function traces(): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*) from events) as events, (select count(*) from jobs.job) as jobs,
      (select jsonb_agg(to_jsonb(m) order by id) from machines m) as machines,
      (select jsonb_agg(to_jsonb(z) order by id) from zones z) as zones,
      (select count(*) from tokens) as tokens, (select count(*) from idempotency_keys) as keys`.execute(
    api.database.db,
  );
  return rows[0];
}

test("a thing's tag is answered by 304 while it stays, and lists have one, too", async () => {
  await ask("POST", "/zones", { name: "etag" });
  for (const url of ["/zones/etag", "/zones", "/zones?fields=name"]) {
    const tag = await tagOf(url);
    assert.match(tag, /^"[\w.-]+"$/);
    for (const given of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
      const again = await ask("GET", url, undefined, { "if-none-match": given });
      assert.deepEqual([again.statusCode, again.body, again.headers["etag"]], [304, "", tag], `${url} ${given}`);
    }
  }
  const tag = await tagOf("/zones/etag");
  const changed = await ask("PATCH", "/zones/etag", { description: "other" });
  assert.notEqual(changed.headers["etag"], tag);
  assert.equal(changed.headers["etag"], await tagOf("/zones/etag"), "a change answers the tag of what it made");
  assert.equal((await ask("GET", "/zones/etag", undefined, { "if-none-match": tag })).statusCode, 200);
  assert.equal(await tagOf("/zones/etag?fields=name"), await tagOf("/zones/etag"), "the tag is of the whole");
});

test("If-Match lets a change through while the thing is as it was, and says what changed where it is not", async () => {
  await ask("POST", "/zones", { name: "match", description: "one" });
  const first = await tagOf("/zones/match");
  const done = await ask("PATCH", "/zones/match", { description: "two" }, { "if-match": first });
  assert.equal(done.statusCode, 200);
  const told = await refusal(ask("PATCH", "/zones/match", { description: "three" }, { "if-match": first }));
  assert.deepEqual([told.status, told.code], [412, "precondition-failed"]);
  assert.deepEqual(
    told.failures?.map(({ field, value }) => [field, value]),
    [["description", "two"]],
  );
  assert.equal((await ask("DELETE", "/zones/match", undefined, { "if-match": first })).statusCode, 412);
  assert.equal(
    (await ask("DELETE", "/zones/match", undefined, { "if-match": String(done.headers["etag"]) })).statusCode,
    204,
  );
  assert.equal((await refusal(ask("PATCH", "/zones/match", {}, { "if-match": "*" }))).status, 412);
});

test("of two who change at once, both having seen the same, one is refused", async () => {
  await ask("POST", "/zones", { name: "race" });
  const tag = await tagOf("/zones/race");
  const codes = await Promise.all(
    Array.from({ length: 6 }, async (_, index) =>
      ask("PATCH", "/zones/race", { description: `by ${index}` }, { "if-match": tag }),
    ),
  );
  assert.deepEqual(
    codes.map(({ statusCode }) => statusCode).sort((a, b) => a - b),
    [200, 412, 412, 412, 412, 412],
  );
});

test("conditions that cannot be kept are refused, not overlooked", async () => {
  const { id } = await testMachine(api.database.db, { status: "ready" });
  for (const [method, url, headers] of [
    ["PATCH", "/zones/default", { "if-match": "abc" }],
    ["POST", `/machines/${id}/lock`, { "if-match": '"abc"' }],
    ["PATCH", "/zones/default", { "idempotency-key": "k" }],
    ["POST", "/zones", { "idempotency-key": "not one key" }],
    ["POST", "/images/sync", { "idempotency-key": "k" }],
  ] as const)
    assert.equal((await refusal(ask(method, url, {}, headers))).code, "bad-input", `${method} ${url}`);
  assert.equal((await refusal(ask("POST", "/images/sync?dry_run=true", {}))).code, "bad-input");
  assert.equal((await refusal(ask("GET", "/zones?dry_run=true"))).code, "bad-input");
});

test("a key makes a request be done once, whatever becomes of its answer", async () => {
  const key = { "idempotency-key": "0b7f6a52-7d7b-4b2c-8d0d-000000000001" };
  const first = await ask("POST", "/zones", { name: "once" }, key);
  const again = await ask("POST", "/zones", { name: "once" }, key);
  assert.deepEqual([first.statusCode, again.statusCode], [201, 201]);
  assert.equal(again.body, first.body);
  assert.equal(again.headers["location"], first.headers["location"]);
  assert.deepEqual([first.headers["idempotency-replayed"], again.headers["idempotency-replayed"]], [undefined, "true"]);
  const other = await refusal(ask("POST", "/zones", { name: "twice" }, key));
  assert.deepEqual([other.status, other.code], [422, "idempotency-key-reused"]);
  assert.equal((await ask("POST", "/pools", { name: "once" }, key)).statusCode, 422);
  // What was refused was not done, and may be done once it is allowed.
  const late = { "idempotency-key": "late" };
  assert.equal((await ask("POST", "/zones", { name: "once" }, late)).statusCode, 409);
  await ask("DELETE", "/zones/once");
  assert.equal((await ask("POST", "/zones", { name: "once" }, late)).statusCode, 201);
});

test("the same request many times at once is done once; whoever comes meanwhile is told to wait", async () => {
  const key = { "idempotency-key": "at-once" };
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask("POST", "/zones", { name: "at-once" }, key)));
  const codes = answers.map((one) => (one.statusCode === 201 ? "done" : one.json<Problem>().code));
  assert.ok(codes.includes("done"));
  assert.deepEqual(
    [...new Set(codes)].filter((code) => code !== "done" && code !== "idempotency-key-busy"),
    [],
  );
  const { items } = (await ask("GET", "/events?type=zone.changed&text=at-once")).json<{ items: object[] }>();
  assert.equal(items.length, 1);
});

test("an answer with a secret is not kept, and the request is still done once", async () => {
  const key = { "idempotency-key": "token-1" };
  assert.equal((await ask("POST", "/tokens", { name: "ci" }, key)).statusCode, 201);
  const told = await refusal(ask("POST", "/tokens", { name: "ci" }, key));
  assert.deepEqual([told.status, told.code], [409, "answer-not-kept"]);
  const license = { osystem: "windows", distro_series: "win2022", license_key: "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY" };
  const bought = { "idempotency-key": "license-1" };
  assert.equal((await ask("POST", "/license-keys", license, bought)).statusCode, 201);
  assert.equal((await refusal(ask("POST", "/license-keys", license, bought))).code, "answer-not-kept");
  const { rows } = await sql<{
    kept: string;
  }>`select jsonb_agg(to_jsonb(k))::text as kept from idempotency_keys k`.execute(api.database.db);
  assert.doesNotMatch(rows[0]?.kept ?? "", /token-1|"key":|ABCDE/);
});

test("a dry run says what would be done, by the same rules, and does nothing", async () => {
  const { id } = await testMachine(api.database.db, { status: "ready", hostname: "dry" });
  const before = await traces();
  const run = async (method: Method, url: string, body?: object): Promise<Plan> => {
    const answer = await ask(method, `${url}?dry_run=true`, body);
    assert.equal(answer.headers["content-type"], "application/vnd.rackwright.plan+json; charset=utf-8", answer.body);
    return plan.parse(answer.json());
  };
  const renamed = await run("PATCH", `/machines/${id}`, { hostname: "wet" });
  assert.deepEqual([renamed.status, renamed.before?.["hostname"], renamed.changed], [200, "dry", ["hostname"]]);
  assert.equal((renamed.after as { hostname: string }).hostname, "wet");
  assert.deepEqual(
    renamed.events.map(({ type }) => type),
    ["machine.action"],
  );

  const commissioned = await run("POST", `/machines/${id}/commission`, {});
  assert.equal((commissioned.after as { status: string }).status, "commissioning");
  assert.deepEqual(commissioned.power, [{ machine_id: id, action: "cycle", boot_device: "pxe" }]);
  assert.ok(
    commissioned.events.some(({ type, message }) => type === "machine.status" && /commissioning/.test(message)),
  );

  const deleted = await run("DELETE", `/machines/${id}`);
  assert.deepEqual([deleted.status, deleted.after, deleted.before?.["id"]], [204, null, id]);
  const made = await run("POST", "/zones", { name: "never" });
  assert.deepEqual([made.status, made.before], [201, null]);
  const bulk = await run("POST", "/machines/bulk", { machines: [id, "aaaaaa"], action: "mark_broken" });
  assert.deepEqual(
    (bulk.after as { items: { ok: boolean; status: string | null }[] }).items.map(({ ok, status }) => [ok, status]),
    [
      [true, "broken"],
      [false, null],
    ],
  );
  assert.equal((await refusal(ask("POST", `/machines/${id}/abort?dry_run=true`, {}))).code, "state-conflict");
  assert.equal((await refusal(ask("POST", "/zones?dry_run=yes", { name: "x" }))).code, "bad-input");
  assert.deepEqual(await traces(), before);
});

test("fields leaves of an answer what was asked for; a name it has not is refused with the one that was meant", async () => {
  const { id } = await testMachine(api.database.db, { status: "new" });
  assert.deepEqual((await ask("GET", `/machines/${id}?fields=id,status`)).json(), { id, status: "new" });
  const { items, next } = (await ask("GET", "/machines?fields=hostname&limit=1")).json<{
    items: object[];
    next: string;
  }>();
  assert.deepEqual([Object.keys(items[0] ?? {}), typeof next], [["hostname"], "string"]);
  const told = await refusal(ask("GET", "/machines?fields=hostnam"));
  assert.match(told.detail, /did you mean hostname\?/);
});

test("a list that is short comes in pages all the same", async () => {
  for (const name of ["one", "two", "three"]) await ask("POST", "/tokens", { name });
  const names: string[] = [];
  for (let cursor: string | null = "0"; cursor !== null;) {
    const answer: { body: string } = await ask("GET", `/tokens?limit=2&cursor=${cursor}&fields=name`);
    const page = JSON.parse(answer.body) as { items: { name: string }[]; next: string | null };
    assert.ok(page.items.length <= 2 && page.items.length > 0);
    names.push(...page.items.map(({ name }) => name));
    cursor = page.next;
  }
  const whole = (await ask("GET", "/tokens")).json<{ items: { name: string }[]; next: null }>();
  assert.deepEqual([names, whole.next], [whole.items.map(({ name }) => name), null]);
  assert.ok(names.length >= 3);
  for (const query of ["limit=0", "limit=1001", "cursor=x", "limit=a"])
    assert.equal((await refusal(ask("GET", `/tokens?${query}`))).code, "bad-input", query);
});

test("a query parameter that the route does not know is refused", async () => {
  for (const [url, name] of [
    ["/machines?statsu=new", "statsu"],
    ["/zones/default?x=1", "x"],
    ["/settings?verbose=true", "verbose"],
    ["/machines?__proto__=1", "__proto__"],
  ] as const) {
    const told = await refusal(ask("GET", url));
    assert.deepEqual([told.status, told.failures?.[0]?.field], [400, name], url);
  }
  assert.match((await refusal(ask("GET", "/machines?statsu=new"))).detail, /did you mean status\?/);
});
