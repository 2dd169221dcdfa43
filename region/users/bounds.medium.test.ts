import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { type TestApi, testApi } from "../http/testing.ts";
import { selfSigned } from "../tls/self-signed.ts";
import { countAttempt, forgiveAttempt } from "./lockout.ts";
import { addSslKey } from "./ssl-keys.ts";
import { keyForLogin } from "./token-names.ts";
import { createToken } from "./tokens.ts";
import { createUser } from "./users.ts";

let api: TestApi;
let anna: { id: number; username: string };
const now = new Date();
const by = { actor: "root", now };
before(async () => {
  api = await testApi({ local: true });
  anna = await createUser(api.db, { username: "Anna", password: "battery staple", administrator: false }, by);
});
after(() => api.close());

const ask = async (method: "GET" | "POST", url: string, payload?: object) => {
  const answer = await api.app.inject({ method, url: `/api/v1${url}`, ...(payload && { payload }) });
  return { status: answer.statusCode, text: answer.body, body: answer.json<Record<string, unknown>>() };
};

test("attempts of a name count however it is written, and an administrator unlocks all of its forms", async () => {
  const forms = ["anna", "ANNA", " anna", "Anna ", "aNNa"];
  for (let index = 0; index < 10; index++)
    await countAttempt(api.db, { username: forms[index % 5] ?? "", address: `192.0.2.${index}` }, now);
  for (const username of [...forms, "\tanna\n"])
    await assert.rejects(countAttempt(api.db, { username, address: "192.0.2.99" }, now), { status: 429 }, username);
  // A blank more between words is the same name as well.
  for (let index = 0; index < 10; index++)
    await countAttempt(api.db, { username: `two${" ".repeat(index + 1)}words`, address: `192.0.2.${index}` }, now);
  await assert.rejects(countAttempt(api.db, { username: "two words", address: "192.0.2.98" }, now), { status: 429 });

  assert.notEqual((await ask("GET", "/users/Anna")).body["locked_until"], null);
  assert.equal((await ask("POST", "/users/Anna/unlock")).body["locked_until"], null);
  await countAttempt(api.db, { username: "anna", address: "192.0.2.99" }, now);
  await forgiveAttempt(api.db, { username: "ANNA ", address: "192.0.2.99" });
  const { rows } = await sql`select from login_failures where kind = 'name' and key = 'anna'`.execute(api.db);
  assert.equal(rows.length, 0);
});

test("attempts from IPv6 count by the network of 64 bits", async () => {
  for (let index = 0; index < 30; index++)
    await countAttempt(api.db, { username: `u${index}`, address: `2001:db8:0:1::${index.toString(16)}` }, now);
  const from = (address: string) => countAttempt(api.db, { username: address, address }, now);
  await assert.rejects(from("2001:db8:0:1:ffff::1"), { status: 429 });
  await from("2001:db8:0:2::1");
});

test("names that sign events are nobody's, in whatever case", async () => {
  for (const username of ["region", "rack", "machine", "root", "root@local", "Region", "ROOT@Local"]) {
    const refused = await ask("POST", "/users", { username, password: "battery staple" });
    assert.equal(refused.status, 400, `${username}: ${refused.text}`);
    assert.match(refused.text, /must be none of machine, rack, region, root, root@local/);
  }
  assert.equal((await ask("POST", "/users", { username: "racks", password: "battery staple" })).status, 201);
  assert.equal((await ask("GET", "/users/root")).status, 200);
});

test("of keys of a user there is an end, which a log-in by a name that is there does not meet", async () => {
  const { id } = anna;
  await sql`insert into tokens (user_id, name, consumer_key, token_key, secret_hash)
    select ${id}, case when n <= 10 then 'laptop' else '' end, 'c', 'bounds-' || n, '' from generate_series(1, 999) n
  `.execute(api.db);
  const both = await Promise.allSettled(["one", "two"].map((name) => createToken(api.db, anna, name, by)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  const full = { name: "StateConflict", message: "A user may have at most 1000 API keys." };
  await assert.rejects(createToken(api.db, anna, "one more", by), full);
  await assert.rejects(keyForLogin(api.db, anna, "another name", now), full);
  assert.equal((await keyForLogin(api.db, anna, "laptop", now)).name, "laptop");

  // The built-in user's, whose requests these are.
  await sql`insert into ssh_keys (user_id, key) select id, n::text from users, generate_series(1, 1000) n
    where username = 'root'`.execute(api.db);
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
  const refused = await ask("POST", "/ssh-keys", { key });
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.text, /at most 1000 SSH keys/);

  await sql`insert into ssl_keys (user_id, key) select ${id}, n::text from generate_series(1, 1000) n`.execute(api.db);
  const { certificate } = selfSigned(["one.example"], { from: now, to: new Date(now.getTime() + 60_000) });
  const many = { name: "StateConflict", message: "A user may have at most 1000 SSL keys." };
  await assert.rejects(addSslKey(api.db, anna, certificate, now), many);
});
