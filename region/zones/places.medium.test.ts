import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { json } from "../database/pool.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { testInventory, testMachine } from "../machines/testing.ts";
import { setTags } from "../tags/index.ts";
import { createToken } from "../users/tokens.ts";
import { createUser } from "../users/users.ts";
import { setPlace } from "./index.ts";

let api: TestApi;
before(async () => (api = await testApi({ local: true })));
after(() => api.close());

type Verb = "GET" | "POST" | "PATCH" | "DELETE";
const ask = async (method: Verb, path: string, payload?: object) => {
  const answer = await api.app.inject({ method, url: `/api/v1${path}`, ...(payload && { payload }) });
  const body = answer.body === "" ? {} : answer.json<Record<string, unknown>>();
  return { status: answer.statusCode, body };
};
const fieldOf = (body: Record<string, unknown>) => (body["failures"] as { field: string }[] | undefined)?.[0]?.field;

for (const [kind, plural] of [
  ["zone", "zones"],
  ["pool", "pools"],
] as const)
  test(`${plural} are made, renamed and deleted; the default one stays`, async () => {
    const { db } = api.database;
    const made = await ask("POST", `/${plural}`, { name: "Row 7", description: "by the door" });
    assert.deepEqual([made.status, made.body], [201, { name: "Row 7", description: "by the door", machines: 0 }]);
    assert.equal((await ask("POST", `/${plural}`, { name: "Row 7" })).status, 409);
    for (const name of ["", " x", "x ", "a/b", "é", "x".repeat(257)])
      assert.equal((await ask("POST", `/${plural}`, { name })).status, 400, name);
    const { id } = await testMachine(db);
    assert.equal((await ask("PATCH", `/machines/${id}`, { [kind]: "Row 7" })).body[kind], "Row 7");
    const nowhere = await ask("PATCH", `/machines/${id}`, { [kind]: "nowhere" });
    assert.deepEqual([nowhere.status, fieldOf(nowhere.body)], [400, kind]);
    const renamed = await ask("PATCH", `/${plural}/Row%207`, { name: "row-8" });
    assert.deepEqual(renamed.body, { name: "row-8", description: "by the door", machines: 1 });
    assert.equal((await ask("GET", `/machines/${id}`)).body[kind], "row-8");

    assert.equal((await ask("DELETE", `/${plural}/default`)).status, 409);
    assert.equal((await ask("PATCH", `/${plural}/default`, { name: "other" })).status, 409);
    assert.equal((await ask("PATCH", `/${plural}/default`, { description: "all" })).status, 200);
    assert.equal((await ask("PATCH", `/${plural}/row-8`, { name: "default" })).status, 409);
    assert.equal((await ask("DELETE", `/${plural}/row-8`)).status, 204);
    assert.equal((await ask("DELETE", `/${plural}/row-8`)).status, 404);
    assert.equal((await ask("GET", `/machines/${id}`)).body[kind], "default");
    const events = await db
      .selectFrom("events")
      .select(["actor", "data"])
      .where("type", "=", `${kind}.changed`)
      .orderBy("id", "desc")
      .limit(1)
      .execute();
    assert.deepEqual(events[0]?.data, {
      action: "delete",
      name: "row-8",
      before: { name: "row-8", description: "by the door" },
      after: null,
      moved: 1,
    });
  });

test("a zone deleted while machines come to it leaves none of them in it", async () => {
  const { db } = api.database;
  for (let round = 0; round < 5; round++) {
    await ask("POST", "/zones", { name: "short-lived" });
    const machines = await Promise.all(Array.from({ length: 6 }, () => testMachine(db)));
    const moves = machines.map(({ id }) => ask("PATCH", `/machines/${id}`, { zone: "short-lived" }));
    const [deleted, ...moved] = await Promise.all([ask("DELETE", "/zones/short-lived"), ...moves]);
    assert.equal(deleted?.status, 204);
    for (const { status, body } of moved) assert.ok(status === 200 || (status === 400 && fieldOf(body) === "zone"));
    for (const { id } of machines) assert.equal((await ask("GET", `/machines/${id}`)).body["zone"], "default");
  }
});

test("many machines move at once, and where they were is told", async () => {
  const { db } = api.database;
  await ask("POST", "/zones", { name: "hall-2" });
  await ask("POST", "/pools", { name: "batch" });
  const ids = (await Promise.all(Array.from({ length: 3 }, () => testMachine(db)))).map(({ id }) => id).sort();
  const before = await db.transaction().execute((tx) => setPlace(tx, ids, { zone: "hall-2", pool: "batch" }));
  assert.deepEqual(
    before,
    ids.map((id) => ({ id, zone: "default", pool: "default" })),
  );
  const again = await db.transaction().execute((tx) => setPlace(tx, ids, {}));
  assert.deepEqual(
    again,
    ids.map((id) => ({ id, zone: "hall-2", pool: "batch" })),
  );
  assert.equal((await ask("GET", "/zones/hall-2")).body["machines"], 3);
  const { body } = await ask("GET", "/zones?limit=1");
  assert.deepEqual([(body["items"] as unknown[]).length, body["next"]], [1, "default"]);
});

test("allocation takes zone, pool and tags into account, and their opposites", async () => {
  const { db } = api.database;
  for (const name of ["east", "west"]) await ask("POST", "/zones", { name });
  await ask("POST", "/pools", { name: "fast" });
  for (const name of ["gpu", "ssd"]) await ask("POST", "/tags", { name });
  const ready = async (zone: string, pool: string, tags: string[]) => {
    const inventory = json(testInventory("52:54:00:00:00:01"));
    const { id } = await testMachine(db, { status: "ready", inventory });
    await db.transaction().execute(async (tx) => {
      await setPlace(tx, [id], { zone, pool });
      await setTags(tx, [id], { add: tags });
    });
    return id;
  };
  const gpu = await ready("east", "fast", ["gpu"]);
  const both = await ready("west", "default", ["gpu", "ssd"]);
  const plain = await ready("west", "fast", []);
  const allocate = (wish: object) => ask("POST", "/machines/allocate", wish);
  const unknown = await allocate({ not_zone: ["east", "moon"] });
  assert.deepEqual([unknown.status, fieldOf(unknown.body)], [400, "not_zone"]);
  assert.equal(fieldOf((await allocate({ tags: "tpu" })).body), "tags");
  const none = await allocate({ zone: "east", not_tags: ["gpu"] });
  assert.equal(none.status, 409);
  assert.match(String(none.body["detail"]), /No ready machine has zone east, not_tags gpu/);
  assert.equal((await allocate({ zone: ["east", "west"], tags: ["gpu", "ssd"] })).body["id"], both);
  assert.equal((await allocate({ pool: "fast", not_zone: "east" })).body["id"], plain);
  assert.equal((await allocate({ tags: "gpu", not_pool: "default" })).body["id"], gpu);
});

test("only an administrator changes zones, pools and tags", async () => {
  const others = await testApi({ local: false });
  try {
    const by = { actor: "root", now: new Date() };
    const alice = { username: "alice", password: "alice-password", administrator: false };
    await createUser(others.database.db, alice, by);
    const { id } = await others.database.db
      .selectFrom("users")
      .select("id")
      .where("username", "=", "alice")
      .executeTakeFirstOrThrow();
    const { key } = await createToken(others.database.db, { id, username: "alice" }, "test", by);
    const headers = { authorization: `Bearer ${key}` };
    for (const plural of ["zones", "pools", "tags"]) {
      const url = `/api/v1/${plural}`;
      assert.equal((await others.app.inject({ url, headers })).statusCode, 200);
      for (const [method, path, payload] of [
        ["POST", "", { name: "x" }],
        ["PATCH", "/default", {}],
        ["DELETE", "/other", undefined],
      ] as const) {
        const answer = await others.app.inject({ method, url: url + path, headers, ...(payload && { payload }) });
        assert.equal(answer.statusCode, 403, `${method} ${url}${path}`);
      }
    }
    const given = await others.app.inject({ method: "POST", url: "/api/v1/tags/x/machines", headers, payload: {} });
    assert.equal(given.statusCode, 403);
  } finally {
    await others.close();
  }
});
