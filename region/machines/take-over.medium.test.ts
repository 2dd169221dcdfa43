import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestApi, testApi } from "../http/testing.ts";

let api: TestApi;
before(async () => {
  api = await testApi({ local: true });
});
after(() => api.close());

async function take(body: object) {
  const answer = await api.app.inject({ method: "POST", url: "/api/v1/machines/take-over", payload: body });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}
const card = (last: string) => [{ name: "eno1", mac: `52:54:00:66:00:${last}` }];

test("a deployed machine stays deployed, with its id and its owner, and nothing is asked of it", async () => {
  await api.app.inject({
    method: "POST",
    url: "/api/v1/users",
    payload: { username: "dora", password: "a long password" },
  });
  const wish = {
    id: "abc123",
    hostname: "elder",
    interfaces: card("01"),
    status: "deployed",
    owner: "dora",
    image: "ubuntu/jammy",
  };
  const { status, body } = await take({ ...wish, cpu_count: 16, memory: 2 ** 36, locked: true });
  assert.equal(status, 201);
  assert.deepEqual(
    [body["id"], body["status"], body["owner"], body["image"], body["cpu_count"], body["locked"]],
    ["abc123", "deployed", "dora", "ubuntu/jammy", 16, true],
  );
  const told = await api.database.db.selectFrom("events").select("type").where("machine_id", "=", "abc123").execute();
  assert.deepEqual(
    told.map(({ type }) => type),
    ["machine.action"],
  );
});

test("what is taken already, or nobody's, is refused by name, and leaves nothing behind", async () => {
  assert.equal((await take({ id: "abc124", hostname: "first", interfaces: card("02"), status: "ready" })).status, 201);
  const cases: [object, number, RegExp][] = [
    [
      { id: "abc124", hostname: "second", interfaces: card("03"), status: "ready" },
      409,
      /id abc124 belongs to machine first/,
    ],
    [{ hostname: "first", interfaces: card("04"), status: "ready" }, 409, /Hostname first is taken/],
    [{ hostname: "second", interfaces: card("02"), status: "ready" }, 409, /MAC address .* belongs to machine first/],
    [{ hostname: "second", interfaces: card("05"), status: "deployed" }, 400, /owner must be given/],
    [{ hostname: "second", interfaces: card("06"), status: "deployed", owner: "nobody" }, 404, /nobody/],
    [{ hostname: "second", interfaces: card("07"), status: "deploying" }, 400, /status/],
    [{ hostname: "second", interfaces: card("08"), status: "ready", zone: "attic" }, 400, /zone that exists/],
    [{ hostname: "second", interfaces: card("09"), status: "ready", tags: ["gpu"] }, 400, /tags that exist/],
  ];
  for (const [wish, status, told] of cases) {
    const answer = await take(wish);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(String(answer.body["detail"]), told);
  }
  const left = await api.database.db.selectFrom("machines").select("hostname").orderBy("hostname").execute();
  assert.deepEqual(
    left.map(({ hostname }) => hostname),
    ["elder", "first"],
  );
});
