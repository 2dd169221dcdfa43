import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type TestApi, testApi } from "../http/testing.ts";
import { enterExternal } from "./external.ts";
import { beginSession } from "./sessions.ts";
import { createToken } from "./tokens.ts";

let api: TestApi;
let local = true;
const now = new Date();
const server = "/ldap-servers/site";
before(async () => {
  api = await testApi({ local: () => local });
  for (const name of ["hands", "chiefs"])
    assert.equal((await ask("POST", "/groups", { payload: { name, grants: [] } })).status, 201);
});
after(() => api.close());

type Asked = { payload?: object; headers?: Record<string, string> };
async function ask(method: "GET" | "POST" | "PATCH" | "DELETE", url: string, { payload, headers }: Asked = {}) {
  const answer = await api.app.inject({ method, url: `/api/v1${url}`, headers, ...(payload && { payload }) });
  const body = answer.body === "" ? {} : answer.json<Record<string, unknown>>();
  return { status: answer.statusCode, body, text: answer.body };
}

const person = {
  provider: "ldap:site",
  subject: "anna",
  username: "anna",
  email: "",
  fullName: "",
  groups: ["racks", "admins"],
};

let enters: () => Promise<number[]>;
let id: number;
beforeEach(async () => {
  await ask("DELETE", server);
  const payload = {
    name: "site",
    url: "ldap://192.0.2.1",
    user_base: "dc=example",
    group_map: { racks: "hands", masters: "chiefs" },
    administrator_groups: ["admins"],
  };
  const made = await ask("POST", "/ldap-servers", { payload });
  assert.equal(made.status, 201, made.text);
  id = await enterExternal(api.db, person, now);
  const session = await beginSession(api.db, id, { address: "192.0.2.9", provider: person.provider, now });
  const { key } = await createToken(api.db, { id, username: "anna" }, "ci", { actor: "anna", now });
  enters = async () => {
    local = false;
    try {
      const ways: Record<string, string>[] = [
        { cookie: `rackwright_session=${session.id}` },
        { authorization: `Bearer ${key}` },
      ];
      return await Promise.all(ways.map(async (headers) => (await ask("GET", "/self", { headers })).status));
    } finally {
      local = true;
    }
  };
});

const rights = async () => {
  const { administrator, groups } = (await ask("GET", "/users/anna")).body;
  return [administrator, groups];
};

test("while a provider is disabled nobody it vouches for comes in, by session or key; enabled again they do", async () => {
  assert.deepEqual(await enters(), [200, 200]);
  assert.equal((await ask("PATCH", server, { payload: { enabled: false } })).status, 200);
  assert.deepEqual(await enters(), [401, 401]);
  await assert.rejects(enterExternal(api.db, person, now), /Nobody logs in by ldap:site/);
  assert.equal((await ask("PATCH", server, { payload: { enabled: true } })).status, 200);
  assert.deepEqual(await enters(), [200, 200]);
});

test("with a provider go sessions, keys and what it gave", async () => {
  assert.deepEqual(await rights(), [true, ["hands"]]);
  assert.equal((await ask("DELETE", server)).status, 204);
  assert.deepEqual(await enters(), [401, 401]);
  assert.deepEqual(await rights(), [false, []]);
  const again = { name: "site", url: "ldap://192.0.2.2", user_base: "dc=example" };
  assert.equal((await ask("POST", "/ldap-servers", { payload: again })).status, 201);
  assert.deepEqual(await enters(), [401, 401], "another provider of the same name brings nothing back");
});

test("rights that a mapping gave go with it at once; those an administrator gave stay", async () => {
  await ask("POST", "/groups/chiefs/members", { payload: { add: ["anna"] } });
  assert.deepEqual(await rights(), [true, ["chiefs", "hands"]]);
  await ask("PATCH", server, { payload: { start_tls: true } });
  const more = { group_map: { racks: "hands", others: "hands" }, administrator_groups: ["admins", "others"] };
  await ask("PATCH", server, { payload: more });
  assert.deepEqual(await rights(), [true, ["chiefs", "hands"]]);
  await ask("PATCH", server, { payload: { group_map: { others: "hands" }, administrator_groups: ["others"] } });
  assert.deepEqual(await rights(), [false, ["chiefs"]]);
  await ask("PATCH", server, { payload: more });
  await enterExternal(api.db, person, now);
  assert.deepEqual(await rights(), [true, ["chiefs", "hands"]]);
  await ask("PATCH", server, { payload: { group_map: {}, administrator_groups: [] } });
  assert.deepEqual(await rights(), [false, ["chiefs"]]);
  const told = await ask("GET", "/events?type=provider.changed&text=no%20administrators");
  assert.match(told.text, /root@local updated LDAP server site; no administrators any more: anna"/);
  await ask("PATCH", "/users/anna", { payload: { administrator: true } });
  await enterExternal(api.db, person, now);
  assert.deepEqual(await rights(), [true, ["chiefs"]]);
});

test("a provider makes nobody one of the names that sign events", async () => {
  for (const username of ["region", "Machine", "root@LOCAL"])
    await assert.rejects(
      enterExternal(api.db, { ...person, subject: username, username }, now),
      { name: "Denied", message: /cannot be the name of a user here/ },
      username,
    );
});
