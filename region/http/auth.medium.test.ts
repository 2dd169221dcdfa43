import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createFirstAdministrator, createUser } from "../users/users.ts";
import { testMachine } from "../machines/testing.ts";
import { type TestApi, testApi } from "./testing.ts";

let api: TestApi;
let now = new Date("2026-01-01T00:00:00Z");
before(async () => {
  api = await testApi({ local: false, clock: { now: () => now } });
  await createFirstAdministrator(api.database.db, { username: "admin", password: "correct horse" }, now);
  await createUser(
    api.database.db,
    { username: "anna", password: "battery staple", administrator: false },
    { actor: "admin", now },
  );
});
after(() => api.close());

type Options = { method?: "GET" | "POST" | "PATCH" | "DELETE"; headers?: Record<string, string>; body?: object };
const ask = async (url: string, { method = "GET", headers = {}, body }: Options = {}) => {
  const answer = await api.app.inject({ method, url, headers, ...(body && { payload: body }) });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: (answer.body === "" ? null : answer.json()) as Record<string, unknown>,
  };
};
const logIn = async (username: string, password: string) => {
  const answer = await ask("/api/v1/sessions", { method: "POST", body: { username, password } });
  const cookie = String(answer.headers["set-cookie"]).split(";")[0] ?? "";
  return { ...answer, cookie, csrf: String(answer.body["csrf_token"]) };
};

test("strangers get 401 everywhere but on the health check, the description and the log-in", async () => {
  for (const route of api.app.described) {
    if (!route.url.startsWith("/api/") && route.url !== "/events") continue;
    for (const method of [route.method].flat()) {
      if (method === "HEAD") continue;
      const url = route.url.replace(":id", "abc123").replace(":action", "on").replace(":username", "anna");
      // Slowly: what strangers may ask at once is limited.
      now = new Date(now.getTime() + 100);
      const open = route.config?.public === true;
      // The router takes all of these for the same path.
      for (const spelling of [url, `/${url}`, url.replace("/api", "/%61pi"), `http://elsewhere${url}`]) {
        const answer: { statusCode: number } = await api.app.inject({ method: method as "GET", url: spelling });
        assert.equal(answer.statusCode === 401, !open, `${method} ${spelling} ${answer.statusCode}`);
      }
    }
  }
  assert.equal((await ask("/api/v1/nothing")).status, 404);
});

test("a session: cookie closed to scripts and other sites, CSRF token for changes, ended by log-out", async () => {
  const { status, headers, cookie, csrf, body } = await logIn("admin", "correct horse");
  assert.equal(status, 201);
  assert.match(
    String(headers["set-cookie"]),
    /^rackwright_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  assert.equal(body["administrator"], true);
  assert.equal((await ask("/api/v1/machines", { headers: { cookie } })).status, 200);
  const user = { username: "bert", password: "long enough" };
  const refused = await ask("/api/v1/users", { method: "POST", headers: { cookie }, body: user });
  assert.deepEqual([refused.status, refused.body["code"]], [403, "csrf-token"]);
  const headersWithToken = { cookie, "x-csrf-token": csrf };
  assert.equal((await ask("/api/v1/users", { method: "POST", headers: headersWithToken, body: user })).status, 201);
  assert.equal((await ask("/api/v1/sessions/current", { headers: { cookie } })).body["csrf_token"], csrf);
  assert.equal((await ask("/api/v1/sessions/current", { method: "DELETE", headers: headersWithToken })).status, 204);
  assert.equal((await ask("/api/v1/machines", { headers: { cookie } })).status, 401);
});

test("a session ends after a week, and with a new password", async () => {
  const first = await logIn("anna", "battery staple");
  const second = await logIn("anna", "battery staple");
  const { cookie, csrf } = first;
  const change = await ask("/api/v1/users/anna", {
    method: "PATCH",
    headers: { cookie, "x-csrf-token": csrf },
    body: { password: "battery staple 2" },
  });
  assert.equal(change.status, 200);
  assert.equal((await ask("/api/v1/machines", { headers: { cookie: second.cookie } })).status, 401);
  const third = await logIn("anna", "battery staple 2");
  const started = now;
  now = new Date(started.getTime() + 7 * 24 * 3_600_000 + 1000);
  assert.equal((await ask("/api/v1/machines", { headers: { cookie: third.cookie } })).status, 401);
  now = started;
});

test("wrong passwords and unknown users are told alike, and too many attempts are refused for a while", async () => {
  const wrong = await logIn("admin", "incorrect");
  const unknown = await logIn("nobody", "incorrect");
  assert.deepEqual([wrong.status, wrong.body], [unknown.status, unknown.body]);
  await createUser(
    api.database.db,
    { username: "victim", password: "right one", administrator: false },
    { actor: "admin", now },
  );
  const codes = await Promise.all(Array.from({ length: 15 }, async () => (await logIn("victim", "guess")).status));
  assert.equal(codes.filter((code) => code === 429).length, 5, String(codes));
  // The right password is not looked at any more, an administrator sees it, and can let him in.
  assert.equal((await logIn("victim", "right one")).status, 429);
  const { cookie, csrf } = await logIn("admin", "correct horse");
  const headers = { cookie, "x-csrf-token": csrf };
  const shown = await ask("/api/v1/users/victim", { headers });
  assert.equal(shown.body["locked_until"], new Date(now.getTime() + 15 * 60_000).toISOString());
  const unlocked = await ask("/api/v1/users/victim/unlock", { method: "POST", headers });
  assert.deepEqual([unlocked.status, unlocked.body["locked_until"]], [200, null]);
  assert.equal((await logIn("victim", "right one")).status, 201);
  // One address that tries many names.
  now = new Date(now.getTime() + 16 * 60_000);
  const names = Array.from({ length: 29 }, (_, index) => `name-${index}`);
  await Promise.all(names.map((name) => logIn(name, "guess")));
  now = new Date(now.getTime() + 60_000);
  assert.deepEqual(
    [(await logIn("one-more", "guess")).status, (await logIn("admin", "correct horse")).status],
    [401, 429],
  );
  now = new Date(now.getTime() + 16 * 60_000);
  assert.equal((await logIn("admin", "correct horse")).status, 201);
});

test("API keys work as bearer, only their hash is kept, rights are the user's", async () => {
  const { cookie, csrf } = await logIn("anna", "battery staple 2");
  const made = await ask("/api/v1/tokens", {
    method: "POST",
    headers: { cookie, "x-csrf-token": csrf },
    body: { name: "ci" },
  });
  const key = String(made.body["key"]);
  assert.match(key, /^\w{18}:\w{18}:\w{32}$/);
  const bearer = { authorization: `Bearer ${key}` };
  assert.equal((await ask("/api/v1/machines", { headers: bearer })).status, 200);
  const stored = JSON.stringify(await api.database.db.selectFrom("tokens").selectAll().execute());
  assert.ok(!stored.includes(key.split(":")[2] ?? ""));
  const listed = await ask("/api/v1/users/anna/tokens", { headers: bearer });
  assert.deepEqual(
    (listed.body["items"] as { name: string; last_used_at: unknown }[]).map(({ name, last_used_at }) => [
      name,
      last_used_at !== null,
    ]),
    [["ci", true]],
  );
  assert.equal((await ask("/api/v1/users/admin/tokens", { headers: bearer })).status, 403);
  assert.equal((await ask("/api/v1/users", { headers: bearer })).status, 403);
  const { id } = await testMachine(api.database.db);
  assert.equal((await ask(`/api/v1/machines/${id}/commission`, { method: "POST", headers: bearer })).status, 403);
  assert.equal((await ask(`/api/v1/machines/${id}`, { method: "DELETE", headers: bearer })).status, 403);
  for (const bad of [`${key}x`, key.slice(1), "a:b", "a:b:c:d"])
    assert.equal((await ask("/api/v1/machines", { headers: { authorization: `Bearer ${bad}` } })).status, 401);
  await ask(`/api/v1/tokens/${String(made.body["id"])}`, { method: "DELETE", headers: bearer });
  assert.equal((await ask("/api/v1/machines", { headers: bearer })).status, 401);
});

test("an address that asks too much without a user is put off; whoever has one is served", async () => {
  const { cookie } = await logIn("admin", "correct horse");
  const statuses = await Promise.all(Array.from({ length: 320 }, async () => (await ask("/api/v1/machines")).status));
  const late = statuses.filter((status) => status === 429).length;
  assert.ok(late >= 20 && late < 320, String(late));
  assert.equal((await ask("/api/v1/machines", { headers: { cookie } })).status, 200);
  now = new Date(now.getTime() + 10_000);
  assert.equal((await ask("/api/v1/machines")).status, 401);
});

test("BMC secrets are never part of a machine", async () => {
  const { cookie } = await logIn("admin", "correct horse");
  const { id } = await testMachine(api.database.db, {
    power_parameters: JSON.stringify({ power_address: "192.0.2.7", power_pass: "hush-hush" }),
  });
  const answer = await ask(`/api/v1/machines/${id}`, { headers: { cookie } });
  assert.equal(answer.body["power_address"], "192.0.2.7");
  assert.ok(!JSON.stringify(answer.body).includes("hush-hush"));
});
