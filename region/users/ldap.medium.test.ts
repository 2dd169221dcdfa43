import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type TestApi, testApi } from "../http/testing.ts";
import { escapeDn, escapeFilter } from "./ldap.ts";
import { type Slapd, startSlapd } from "./slapd-testing.ts";

let api: TestApi;
let slapd: Slapd;
let folder: string;
let local = true;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "rackwright-ldap-"));
  api = await testApi({ local: () => local });
  slapd = await startSlapd(folder);
  for (const name of ["hands", "chiefs"])
    await ask("POST", "/groups", { name, grants: [{ role: name === "hands" ? "operator" : "auditor", pool: null }] });
});
after(async () => {
  await api.close();
  await slapd.stop();
  await rm(folder, { recursive: true });
});

async function ask(method: "GET" | "POST" | "PATCH" | "DELETE", url: string, payload?: object) {
  const answer = await api.app.inject({ method, url: `/api/v1${url}`, ...(payload && { payload }) });
  return {
    status: answer.statusCode,
    text: answer.body,
    body: answer.body === "" ? {} : answer.json<Record<string, unknown>>(),
  };
}

async function logIn(username: string, password: string) {
  local = false;
  try {
    return await ask("POST", "/sessions", { username, password });
  } finally {
    local = true;
  }
}

const search = () => ({
  name: "site",
  url: slapd.ldaps,
  ca: slapd.ca,
  bind_dn: "cn=reader,dc=example,dc=org",
  bind_password: "reading",
  user_base: "ou=people,dc=example,dc=org",
  group_base: "ou=groups,dc=example,dc=org",
  group_map: { racks: "hands" },
  administrator_groups: ["admins"],
});

test("search and bind over LDAPS: made at the first log-in, with groups and rights of the directory", async () => {
  const made = await ask("POST", "/ldap-servers", search());
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body["has_password"], true);
  assert.doesNotMatch(made.text + (await ask("GET", "/ldap-servers")).text, /reading/);

  // Typed in another case than the directory has it: one user, not two.
  const first = await logIn("anna", "battery staple");
  assert.equal(first.status, 201, first.text);
  assert.deepEqual([first.body["username"], first.body["administrator"]], ["Anna", true]);
  assert.equal((await logIn("Anna", "battery staple")).status, 201);
  const anna = (await ask("GET", "/users/Anna")).body;
  assert.deepEqual(
    [anna["is_local"], anna["email"], anna["full_name"], anna["groups"], anna["administrator"]],
    [false, "anna@example.org", "Anna Arendt", ["hands"], true],
  );
  const bert = await logIn("bert", "correct horse");
  assert.deepEqual([bert.status, bert.body["administrator"]], [201, false]);
  const users = (await ask("GET", "/users")).body["items"] as { username: string }[];
  assert.deepEqual(users.map(({ username }) => username).toSorted(), ["Anna", "bert", "root"]);
  const told = (await ask("GET", "/events?kind=audit&type=user&limit=100")).text;
  assert.match(told, /Anna came in by ldap:site for the first time/);
  assert.match(told, /Anna is an administrator, says ldap:site/);
});

test("wrong passwords, empty ones, unknown and dangerous names come in nowhere, and are told alike", async () => {
  const wrong = await logIn("bert", "incorrect");
  assert.equal(wrong.status, 401);
  for (const [username, password] of [
    ["bert", ""],
    ["nobody", "x"],
    ["", ""],
  ] as const) {
    const answer = await logIn(username, password);
    assert.ok([400, 401].includes(answer.status), `${username}: ${answer.text}`);
    if (answer.status === 401) assert.deepEqual(answer.body, wrong.body);
  }
  // What would be a pattern or another name in a filter is a name like any other; a user's name here it cannot be.
  for (const username of ["*", "b*", "bert)(uid=*", "star*(x)", "uid=bert,ou=people,dc=example,dc=org"])
    assert.ok([400, 401].includes((await logIn(username, "correct horse")).status), username);
  assert.equal(escapeFilter("a*(b)\\\0"), "a\\2a\\28b\\29\\5c\\00");
  assert.equal(escapeDn(' a,b+"c" '), "\\20a\\2cb\\2b\\22c\\22\\20");
});

test("groups follow the directory at each log-in; what an administrator gave stays", async () => {
  await ask("POST", "/groups/chiefs/members", { add: ["bert"] });
  await ask("PATCH", "/ldap-servers/site", { group_map: {} });
  assert.equal((await logIn("bert", "correct horse")).status, 201);
  assert.deepEqual((await ask("GET", "/users/bert")).body["groups"], ["chiefs"]);
  await ask("PATCH", "/ldap-servers/site", { group_map: { racks: "hands" }, administrator_groups: ["none"] });
  assert.equal((await logIn("bert", "correct horse")).status, 201);
  assert.deepEqual((await ask("GET", "/users/bert")).body["groups"], ["chiefs", "hands"]);
  assert.equal((await logIn("Anna", "battery staple")).body["administrator"], false);
});

test("by a pattern of the name, in the clear changed to TLS", async () => {
  await ask("PATCH", "/ldap-servers/site", {
    url: slapd.ldap,
    start_tls: true,
    user_dn: "uid={username},ou=people,dc=example,dc=org",
    user_base: null,
    bind_dn: null,
    bind_password: null,
  });
  const server = (await ask("GET", "/ldap-servers/site")).body;
  assert.deepEqual([server["start_tls"], server["has_password"]], [true, false]);
  assert.equal((await logIn("bert", "correct horse")).status, 201);
  assert.equal((await logIn("bert", "incorrect")).status, 401);
  assert.equal((await logIn("missing", "correct horse")).status, 401);
});

test("a server that is not trusted, or not there, is told as such, and users with a password here log in as ever", async () => {
  await ask("POST", "/users", { username: "carl", password: "here only" });
  await ask("PATCH", "/ldap-servers/site", { ca: null });
  const untrusted = await logIn("bert", "correct horse");
  assert.deepEqual([untrusted.status, untrusted.body["code"]], [503, "ldap-unreachable"], untrusted.text);
  await slapd.stop();
  const gone = await logIn("bert", "correct horse");
  assert.deepEqual([gone.status, gone.body["code"]], [503, "ldap-unreachable"]);
  assert.doesNotMatch(untrusted.text + gone.text, /correct horse|reading/);
  assert.equal((await logIn("carl", "here only")).status, 201);
});

test("a name that is taken here is not given to somebody of the directory; a deleted server lets nobody in", async () => {
  slapd = await startSlapd(join(folder, "again"));
  await ask("PATCH", "/ldap-servers/site", { url: slapd.ldaps, ca: slapd.ca, start_tls: false });
  await api.database.db.deleteFrom("users").where("username", "=", "bert").execute();
  await ask("POST", "/users", { username: "bert", password: "another one" });
  // Of two of one name the one here counts: the directory cannot make itself anybody.
  assert.equal((await logIn("bert", "correct horse")).status, 401);
  assert.equal((await logIn("bert", "another one")).status, 201);
  assert.equal((await logIn("Bert", "correct horse")).status, 403);
  assert.equal((await ask("PATCH", "/users/Anna", { password: "a new password" })).status, 400);
  const { status } = await ask("DELETE", "/ldap-servers/site");
  assert.equal(status, 204);
  assert.equal((await logIn("Anna", "battery staple")).status, 401);
  const sessions = await api.database.db
    .selectFrom("sessions")
    .select("id")
    .where("provider", "=", "ldap:site")
    .execute();
  assert.deepEqual(sessions, []);
});
