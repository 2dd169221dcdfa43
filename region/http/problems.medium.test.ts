import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { problem, type Problem } from "@rackwright/contract";
import { sql } from "kysely";
import { connect } from "node:net";
import { testMachine } from "../machines/testing.ts";
import { createFirstAdministrator, createUser } from "../users/users.ts";
import { type TestApi, testApi } from "./testing.ts";

let api: TestApi;
/** The same API to somebody from outside. */
let outside: TestApi;
before(async () => {
  api = await testApi({ local: true });
  outside = await testApi({ local: false });
  const { db } = outside.database;
  const now = new Date();
  await createFirstAdministrator(db, { username: "admin", password }, now);
  await createUser(db, { username: "anna", password, administrator: false }, { actor: "admin", now });
  sessions.admin = await signIn("admin");
  sessions.anna = await signIn("anna");
});
after(async () => {
  await api.close();
  await outside.close();
});

const password = "correct horse";
const sessions: { admin: Record<string, string>; anna: Record<string, string> } = { admin: {}, anna: {} };

/** Signs in, and gives the headers of the session. */
async function signIn(username: string): Promise<Record<string, string>> {
  const payload = { username, password };
  const answer = await outside.app.inject({ method: "POST", url: "/api/v1/sessions", payload });
  assert.equal(answer.statusCode, 201);
  const cookie = String(answer.headers["set-cookie"]).split(";")[0] ?? "";
  return { cookie, "x-csrf-token": answer.json<{ csrf_token: string }>().csrf_token };
}

type Asked = { method?: "GET" | "POST"; url: string; headers?: Record<string, string>; payload?: string | object };
async function refusal(to: TestApi, asked: Asked): Promise<Problem> {
  const answer = await to.app.inject(asked);
  assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
  const told = problem.parse(answer.json());
  assert.equal(told.status, answer.statusCode);
  assert.ok((told.next ?? "").length > 5, `${told.code} says what to do next`);
  return told;
}
const json = { "content-type": "application/json" };
const mac = "02:00:5e:10:00:01";

const refusals: { code: string; status: number; name: string; asked: Asked }[] = [
  {
    code: "bad-input",
    status: 400,
    name: "a field that cannot be",
    asked: { method: "POST", url: "/api/v1/machines", payload: { macs: ["no MAC"] } },
  },
  {
    code: "bad-request",
    status: 400,
    name: "a body that is no JSON",
    asked: { method: "POST", url: "/api/v1/machines", headers: json, payload: '{"macs":' },
  },
  { code: "not-found", status: 404, name: "no such machine", asked: { url: "/api/v1/machines/aaaaaa" } },
  { code: "no-such-route", status: 404, name: "no such path", asked: { url: "/api/v1/nothing" } },
  {
    code: "method-not-allowed",
    status: 405,
    name: "a path with another method",
    asked: { method: "POST", url: "/api/v1/status" },
  },
  { code: "bad-request", status: 400, name: "a path that cannot be decoded", asked: { url: "/api/v1/zones/%zz" } },
  {
    code: "bad-request",
    status: 414,
    name: "a path that is too long",
    asked: { url: `/api/v1/zones/${"x".repeat(300)}` },
  },
  {
    code: "bad-request",
    status: 415,
    name: "a body of another kind",
    asked: { method: "POST", url: "/api/v1/machines", headers: { "content-type": "application/xml" }, payload: "<a/>" },
  },
  {
    code: "bad-request",
    status: 413,
    name: "a body that is too long",
    asked: { method: "POST", url: "/api/v1/zones", headers: json, payload: `{"name":"${"x".repeat(2 ** 20)}"}` },
  },
  { code: "bad-input", status: 400, name: "a query nobody knows", asked: { url: "/api/v1/zones?colour=red" } },
  {
    code: "no-machine-available",
    status: 409,
    name: "no machine that fits",
    asked: { method: "POST", url: "/api/v1/machines/allocate", payload: { cpu_count: 1000 } },
  },
];
for (const { code, status, name, asked } of refusals)
  test(`${name} is '${code}'`, async () => {
    const told = await refusal(api, asked);
    assert.deepEqual([told.code, told.status], [code, status]);
  });

test("what is no HTTP is answered with a problem, too, and the methods of a path are named", async () => {
  const answer = await api.app.inject({ method: "PUT", url: "/api/v1/zones/default/" });
  assert.equal(answer.headers["allow"], "DELETE, GET, HEAD, PATCH");
  const address = await api.app.listen({ port: 0, host: "127.0.0.1" });
  const socket = connect(Number(new URL(address).port), "127.0.0.1");
  socket.end("NONSENSE\r\n\r\n");
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  const [head = "", body = ""] = Buffer.concat(chunks).toString().split("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  assert.equal(problem.parse(JSON.parse(body)).code, "bad-request");
});

test("what a machine's state or making does not allow", async () => {
  const { id } = await testMachine(api.database.db, { power_driver: "manual" });
  const ask = (verb: string, payload: object = {}) =>
    refusal(api, { method: "POST", url: `/api/v1/machines/${id}/${verb}`, payload });
  assert.equal((await ask("abort")).code, "state-conflict");
  assert.equal((await ask("power/on")).code, "no-power-driver");
  const allocate = { method: "POST", url: "/api/v1/machines/allocate", payload: { id } } as const;
  assert.equal((await refusal(api, allocate)).code, "machine-not-ready");
  const make = { method: "POST", url: "/api/v1/machines", payload: { macs: [mac] } } as const;
  assert.equal((await api.app.inject(make)).statusCode, 201);
  const taken = await refusal(api, make);
  assert.equal(taken.code, "mac-taken");
  assert.match(taken.detail, new RegExp(`^MAC address ${mac} belongs to machine `));
});

test("user data that cloud-init would drop is refused with its first line, before anything is touched", async () => {
  const { id } = await testMachine(api.database.db, { status: "allocated", owner_id: 1 });
  const deploy = (user_data: string) =>
    refusal(api, { method: "POST", url: `/api/v1/machines/${id}/deploy`, payload: { user_data } });
  const told = await deploy("packages: [htop]\nruncmd: []");
  assert.equal(told.code, "user-data-unusable");
  assert.equal(told.failures?.[0]?.value, "packages: [htop]");
  for (const good of [
    "#cloud-config\npackages: [htop]",
    "#!/bin/sh\ntrue",
    "\n## template: jinja\n#cloud-config\n",
    "",
  ])
    assert.equal((await deploy(good)).code, "bad-input", "only the image is missing here");
  const row = await api.database.db.selectFrom("machines").select("status").where("id", "=", id).executeTakeFirst();
  assert.equal(row?.status, "allocated");
});

test("who is not signed in, wrongly signed in, or not allowed", async () => {
  const machines = "/api/v1/machines";
  assert.equal((await refusal(outside, { url: machines })).code, "not-authenticated");
  const bearer = { authorization: "Bearer aaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbb:cccccccccccccccccccccccccccccccc" };
  assert.equal((await refusal(outside, { url: machines, headers: bearer })).code, "bad-token");
  const logIn = (username: string) =>
    refusal(outside, { method: "POST", url: "/api/v1/sessions", payload: { username, password: "wrong" } });
  assert.equal((await logIn("admin")).code, "wrong-password");
  const codes = await Promise.all(Array.from({ length: 15 }, async () => (await logIn("victim")).code));
  assert.ok(codes.includes("too-many-attempts"), codes.join());
});

test("an ordinary user may not do what an administrator may", async () => {
  const told = await refusal(outside, {
    method: "POST",
    url: "/api/v1/machines",
    headers: sessions.anna,
    payload: { macs: [mac] },
  });
  assert.deepEqual([told.code, told.status], ["not-allowed", 403]);
});

test("a defect of the region is told by a number that is in its log, and nothing else of it", async () => {
  const { db } = outside.database;
  await sql`alter table events rename to gone`.execute(db);
  const told = await refusal(outside, { url: "/api/v1/events", headers: sessions.admin });
  await sql`alter table gone rename to events`.execute(db);
  assert.deepEqual([told.code, told.status], ["internal-error", 500]);
  const incident = /Look for (\S+) in/.exec(told.next ?? "")?.[1] ?? "none";
  assert.ok(JSON.stringify(outside.defects).includes(incident));
  assert.ok(!JSON.stringify(told).includes("events"));
});
