import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { MachineStatus } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { testInventory, testMachine } from "../machines/testing.ts";
import { createGroup, changeMembers } from "./groups.ts";
import { beginSession } from "./sessions.ts";
import { createToken } from "./tokens.ts";
import { createUser } from "./users.ts";

// Who may do what, as a table: roles down, machines of two pools across. It says nothing of how rights are computed.

const kinds = ["near-free", "near-mine", "near-others", "far-free", "far-mine", "far-others"] as const;
type Kind = (typeof kinds)[number];
const every: readonly Kind[] = kinds;
const near: readonly Kind[] = ["near-free", "near-mine", "near-others"];
const own: readonly Kind[] = ["near-mine", "far-mine"];

type Rights = { sees: readonly Kind[]; uses: readonly Kind[]; operates: readonly Kind[]; changes: boolean };
const nothing: readonly Kind[] = [];
const roles: Record<string, Rights> = {
  administrator: { sees: every, uses: every, operates: every, changes: true },
  "administrator by a group": { sees: every, uses: every, operates: every, changes: true },
  "administrator's key for near": { sees: near, uses: near, operates: near, changes: false },
  "administrator's key that reads": { sees: every, uses: nothing, operates: nothing, changes: false },
  operator: { sees: every, uses: every, operates: every, changes: false },
  "operator of near": { sees: [...near, "far-mine"], uses: near, operates: near, changes: false },
  "operator of near by a group": { sees: [...near, "far-mine"], uses: near, operates: near, changes: false },
  user: {
    sees: [...own, "near-free", "far-free"],
    uses: [...own, "near-free", "far-free"],
    operates: nothing,
    changes: false,
  },
  "user of near": { sees: [...own, "near-free"], uses: ["near-free", "near-mine"], operates: nothing, changes: false },
  auditor: { sees: every, uses: nothing, operates: nothing, changes: false },
  "auditor of near": { sees: [...near, "far-mine"], uses: nothing, operates: nothing, changes: false },
  nobody: { sees: own, uses: nothing, operates: nothing, changes: false },
};

let api: TestApi;
let stranger = 0;
const people = new Map<string, { id: number; headers: Record<string, string> }>();
const pools = new Map<string, number>();
const by = { actor: "root", now: new Date() };
/** What of a machine is in the body of an answer only where it may be seen. */
const traces = new Map<string, { kind: Kind; owner: string | null; marks: string[] }>();

before(async () => {
  api = await testApi({ local: false });
  const { db } = api.database;
  for (const name of ["near", "far"]) {
    const row = await db.insertInto("pools").values({ name }).returning("id").executeTakeFirstOrThrow();
    pools.set(name, row.id);
  }
  const make = async (
    username: string,
    administrator: boolean,
    grants: { role: "user" | "operator" | "auditor"; pool: string | null }[],
  ) => createUser(db, { username, password: "long enough", administrator, grants }, by);
  stranger = (await make("somebody", false, [])).id;
  await createGroup(db, { name: "admins", description: "", grants: [{ role: "administrator", pool: null }] }, by);
  await createGroup(db, { name: "near", description: "", grants: [{ role: "operator", pool: "near" }] }, by);
  for (const role of Object.keys(roles)) {
    const username = role.replaceAll(/[^a-z]+/g, "-");
    const [, word = "", pool] = /^(operator|user|auditor)(?: of (near))?$/.exec(role) ?? [];
    const grants =
      word === "operator" || word === "user" || word === "auditor" ? [{ role: word, pool: pool ?? null } as const] : [];
    const user = await make(username, /^administrator('|$)/.test(role), grants);
    const group = { "administrator by a group": "admins", "operator of near by a group": "near" }[role];
    if (group !== undefined) await changeMembers(db, group, { add: [username], remove: [] }, by);
    const limits = {
      scope: role.endsWith("reads") ? ("read" as const) : ("all" as const),
      pool: role.endsWith("key for near") ? "near" : null,
      expires_at: null,
    };
    const { key } = await createToken(db, user, "test", by, limits);
    people.set(role, { id: user.id, headers: { authorization: `Bearer ${key}` } });
  }
});
after(() => api.close());

/** A machine for a request that shall be refused: nothing happens to it, so the next such request may have it too. */
const untouched = new Map<string, string>();
async function sharedMachine(kind: Kind, role: string, status: MachineStatus): Promise<string> {
  const key = `${kind} ${kind.endsWith("mine") ? role : ""} ${status}`;
  const id = untouched.get(key) ?? (await machine(kind, role, status));
  untouched.set(key, id);
  return id;
}

async function machine(kind: Kind, role: string, status: MachineStatus): Promise<string> {
  const [place = "", whose] = kind.split("-");
  const owner_id = { free: null, mine: people.get(role)?.id ?? null, others: stranger }[whose ?? ""] ?? null;
  const pool_id = pools.get(place);
  assert.ok(pool_id);
  const { db } = api.database;
  const { id, mac } = await testMachine(db, { status, owner_id, pool_id, installed: status === "deployed" });
  const inventory = json(testInventory(mac));
  await db.updateTable("machines").set({ inventory }).where("id", "=", id).execute();
  return id;
}

const ask = async (role: string, method: string, url: string, payload?: object) =>
  api.app.inject({
    method: method as "GET",
    url: `/api/v1${url}`,
    headers: people.get(role)?.headers ?? {},
    ...(payload && { payload }),
  });

type Row = { route: string; needs: "sees" | "uses" | "operates"; status: MachineStatus; body?: object; free?: false };
/** Every route of one machine. What is not named here, reads where it is a GET, and is an operator's where it is not. */
const rows: Row[] = [
  { route: "POST /machines/:id/deploy", needs: "uses", status: "ready", body: { image: "none" } },
  { route: "POST /machines/:id/release", needs: "uses", status: "deployed", free: false },
  { route: "POST /machines/:id/power/off", needs: "uses", status: "deployed", free: false },
  { route: "POST /machines/:id/power/query", needs: "sees", status: "deployed" },
  { route: "POST /machines/:id/lock", needs: "uses", status: "deployed", free: false },
  { route: "POST /machines/:id/mark_broken", needs: "uses", status: "deployed", free: false },
  { route: "POST /machines/:id/abort", needs: "uses", status: "deploying", free: false },
  { route: "POST /machines/:id/commission", needs: "operates", status: "ready", body: {} },
  { route: "POST /machines/:id/accept", needs: "operates", status: "new", body: {} },
  { route: "POST /machines/:id/test", needs: "operates", status: "ready", body: {} },
  { route: "POST /machines/:id/rescue_mode", needs: "operates", status: "deployed" },
  { route: "POST /machines/:id/exit_rescue_mode", needs: "operates", status: "rescue mode" },
  { route: "POST /machines/:id/mark_fixed", needs: "operates", status: "broken" },
  { route: "POST /machines/:id/override_failed_testing", needs: "operates", status: "failed testing" },
  { route: "PATCH /machines/:id", needs: "operates", status: "ready", body: {} },
  { route: "DELETE /machines/:id", needs: "operates", status: "ready" },
];

for (const [role, rights] of Object.entries(roles))
  test(`${role}: every action on machines of both pools`, async () => {
    for (const { route, needs, status, body, free } of rows)
      for (const kind of kinds) {
        if (free === false && kind.endsWith("free")) continue;
        const reads = role.endsWith("that reads");
        const allowed = !reads && rights[needs].includes(kind);
        const id = await (allowed ? machine : sharedMachine)(kind, role, status);
        const [method = "", path = ""] = route.split(" ");
        const answer = await ask(role, method, path.replace(":id", id), body ?? {});
        const expected = allowed ? "done" : reads ? 403 : rights.sees.includes(kind) ? 403 : 404;
        const seen = [401, 403, 404].includes(answer.statusCode) ? answer.statusCode : "done";
        assert.equal(seen, expected, `${role}: ${route} of ${kind}: ${answer.statusCode} ${answer.body}`);
        if (!allowed) {
          const row = await api.database.db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirst();
          assert.equal(row?.status, status, `${role}: ${route} of ${kind} was refused, and done`);
        }
      }
  });

test("allocation gives only what somebody may use, and to somebody else only where he operates", async () => {
  for (const [role, { uses, operates, sees }] of Object.entries(roles)) {
    for (const kind of ["near-free", "far-free"] as const) {
      const id = await machine(kind, role, "ready");
      const forOther = await ask(role, "POST", "/machines/allocate", { id, owner: "somebody" });
      assert.equal(forOther.statusCode === 200, operates.includes(kind), `${role}: ${forOther.body}`);
      if (forOther.statusCode === 200) continue;
      const { statusCode, body } = await ask(role, "POST", "/machines/allocate", { id });
      const expected = uses.includes(kind) ? 200 : role.endsWith("reads") || sees.includes(kind) ? 403 : 404;
      assert.equal(statusCode, expected, `${role} ${kind}: ${body}`);
    }
    const { rows: left } = await sql`update machines set status = 'broken' where status = 'ready' returning id`.execute(
      api.database.db,
    );
    assert.ok(left.length >= 0);
    await machine("far-free", role, "ready");
    const any = await ask(role, "POST", "/machines/allocate", {});
    const expected = uses.includes("far-free") ? 200 : role.endsWith("reads") ? 403 : 409;
    assert.equal(any.statusCode, expected, `${role}: ${any.body}`);
  }
});

test("bulk, tags and clone reach the machines that may be changed, and no others", async () => {
  await api.database.db.insertInto("tags").values({ name: "rack-a" }).execute();
  for (const [role, { operates, sees }] of Object.entries(roles)) {
    if (role.endsWith("reads")) continue;
    const ids = await Promise.all(kinds.map((kind) => machine(kind, role, "ready")));
    const bulk = await ask(role, "POST", "/machines/bulk", {
      machines: ids,
      action: "set_zone",
      options: { zone: "default" },
    });
    const { items } = bulk.json<{ items: { ok: boolean; code: string | null; status: string | null }[] }>();
    for (const [index, kind] of kinds.entries()) {
      const expected = operates.includes(kind)
        ? [true, null]
        : [false, sees.includes(kind) ? "not-allowed" : "not-found"];
      assert.deepEqual([items[index]?.ok, items[index]?.code], expected, `${role} ${kind}`);
      assert.equal(items[index]?.status, sees.includes(kind) ? "ready" : null, `${role} ${kind}`);
      const tagged = await ask(role, "POST", "/tags/rack-a/machines", { add: [ids[index]] });
      const status = operates.includes(kind) ? 200 : sees.includes(kind) ? 403 : 400;
      assert.equal(tagged.statusCode, status, `${role} ${kind}: ${tagged.body}`);
      const moved = await ask(role, "PATCH", `/machines/${ids[index]}`, { pool: "far" });
      const mayMove = operates.includes(kind) && operates.includes("far-free");
      assert.equal(moved.statusCode === 200, mayMove, `${role} ${kind}: ${moved.body}`);
    }
    const made = await ask(role, "POST", "/machines", { architecture: "amd64", macs: [], pool: "far" });
    if (made.statusCode !== 400)
      assert.equal(made.statusCode === 201, operates.includes("far-free"), `${role}: ${made.body}`);
  }
});

test("nothing that may not be seen is in any answer: lists, counts, events, results, whatever is asked", async () => {
  const { db } = api.database;
  await sql`delete from machines`.execute(db);
  const routes = api.app.described
    .filter(({ url, method }) => url.startsWith("/api/v1/") && [method].flat().includes("GET"))
    .map(({ url }) => url.replace("/api/v1", ""))
    .filter((url) => !/stream$|openapi|output$|callback$|login\/oidc/.test(url));
  assert.ok(routes.length > 30);
  const { rows: subnets } = await sql<{ id: number }>`insert into subnets (cidr, name, vlan_id)
    select '10.77.0.0/24', 'leased', id from vlans limit 1 returning id`.execute(db);
  const subnet = subnets[0]?.id;
  const tag = await db.selectFrom("tags").select("id").where("name", "=", "rack-a").executeTakeFirstOrThrow();
  for (const role of ["user", "operator of near", "nobody"])
    for (const kind of kinds) {
      const id = await machine(kind, role, "ready");
      const { rows: cards } = await sql<{ mac: string }>`select mac from interfaces where machine_id = ${id}`.execute(
        db,
      );
      const mac = cards[0]?.mac ?? "";
      await db.insertInto("machine_tags").values({ machine_id: id, tag_id: tag.id }).execute();
      const about = { type: "machine.status" as const, actor: "machine" };
      await db
        .insertInto("events")
        .values([
          { ...about, machine_id: id, message: `by id ${id}`, data: "{}", mac: null, rack: null, failure: null },
          { ...about, machine_id: null, message: `by card ${id}`, data: "{}", mac, rack: null, failure: null },
        ])
        .execute();
      await sql`insert into leases (subnet_id, address, mac, hostname, state, expires_at, updated_at)
        values (${subnet}, ${`10.77.0.${traces.size + 1}`}, ${mac}, ${`host-${id}`}, 'leased', now() + interval '1 hour', now())`.execute(
        db,
      );
      traces.set(id, { kind, owner: kind.endsWith("mine") ? role : null, marks: [id, `host-${id}`, mac] });
    }
  const ids = [...traces.keys()];
  const seen = new Map<string, number>();
  const mac = traces.get(ids[0] ?? "")?.marks[2] ?? "";
  for (const [role, { sees }] of Object.entries(roles)) {
    const visible = (id: string): boolean => {
      const trace = traces.get(id);
      if (trace === undefined) return false;
      const { kind, owner } = trace;
      // What is mine to one is another's to everybody else.
      if (owner !== null && owner !== role)
        return sees.includes(kind.startsWith("near") ? "near-others" : "far-others");
      return sees.includes(kind);
    };
    const hidden = ids.filter((id) => !visible(id));
    // Who sees everything has nothing hidden from him; of him only the numbers are looked at.
    for (const route of hidden.length > 0 ? routes : ["/machines", "/events"]) {
      const named = route.startsWith("/machines/:id");
      const urls = named ? ids.slice(0, 6).map((id) => route.replace(":id", id)) : [route];
      for (const [index, path] of urls.entries()) {
        const url = path.replace(":name", "rack-a").replace(":username", "somebody").replaceAll(/:\w+/g, "1");
        const query = route === "/boot/explain" ? `?mac=${mac}` : "?limit=1000";
        const answer = await ask(role, "GET", url + (named || route === "/twins" || /:/.test(route) ? "" : query));
        assert.ok(answer.statusCode < 500 || answer.statusCode === 503, `${url}: ${answer.statusCode} ${answer.body}`);
        if (named) {
          const id = ids[index] ?? "";
          if (!visible(id)) assert.equal(answer.statusCode, 404, `${role}: ${url}: ${answer.body}`);
        }
        // The answer repeats the id that was asked for.
        const body = answer.body.replaceAll(named ? (ids[index] ?? "") : mac, "");
        for (const id of hidden)
          for (const mark of traces.get(id)?.marks ?? [])
            assert.ok(!body.includes(mark), `${role} sees ${traces.get(id)?.kind} in ${url}: ${body.slice(0, 300)}`);
        if (route === "/machines" || route === "/events")
          seen.set(`${role} ${route}`, ids.filter((id) => body.includes(id)).length);
      }
    }
    const expected = ids.filter(visible).length;
    assert.equal(seen.get(`${role} /machines`), expected, `${role}: machines`);
    assert.equal(seen.get(`${role} /events`), expected, `${role}: events`);
    const count = async (path: string, read: (body: Record<string, unknown>) => unknown) =>
      read((await ask(role, "GET", path)).json<Record<string, unknown>>());
    assert.equal(await count("/tags/rack-a", (body) => body["machines"]), expected, `${role}: tag`);
    assert.equal(await count("/zones/default", (body) => body["machines"]), expected, `${role}: zone`);
    const statuses = await count("/status", (body) => body["machines"]);
    assert.deepEqual(statuses, expected === 0 ? {} : { ready: expected }, `${role}: counts`);
    const filtered = await ask(role, "GET", "/machines?limit=1000&filter=pool:far");
    const far = ids.filter((id) => visible(id) && traces.get(id)?.kind.startsWith("far")).length;
    assert.equal(filtered.json<{ items: object[] }>().items.length, far, `${role}: filter`);
    const listed = (await ask(role, "GET", "/pools"))
      .json<{ items: { name: string }[] }>()
      .items.map(({ name }) => name);
    assert.equal(listed.includes("far"), !/near|nobody/.test(role), `${role}: pools ${listed.join()}`);
  }
});

test("what users did is told to those who audit, and to whoever did it", async () => {
  const { db } = api.database;
  await createUser(
    db,
    { username: "made-by-somebody", password: "long enough", administrator: false },
    { ...by, actor: "somebody" },
  );
  for (const role of Object.keys(roles)) {
    const { body } = await ask(role, "GET", "/events?kind=audit&limit=1000&order=desc");
    const audits = /^(administrator$|administrator by|administrator's key that|auditor)/.test(role);
    assert.equal(body.includes("made-by-somebody"), audits, role);
  }
  const { id } = await db.selectFrom("users").select("id").where("username", "=", "user").executeTakeFirstOrThrow();
  await beginSession(db, id, { address: "192.0.2.50", provider: "password", now: new Date() });
  assert.match((await ask("user", "GET", "/events?kind=audit&order=desc")).body, /192\.0\.2\.50/);
});

test("only administrators read and change users, groups and providers; everybody reads what he may himself", async () => {
  for (const [role, { changes }] of Object.entries(roles)) {
    const reads = changes || role.endsWith("that reads");
    for (const path of ["/users", "/groups", "/groups/near", "/oidc-providers", "/ldap-servers", "/users/somebody"])
      assert.equal((await ask(role, "GET", path)).statusCode, reads ? 200 : 403, `${role} ${path}`);
    const group = { name: `of ${role.replaceAll("'", "")}` };
    assert.equal((await ask(role, "POST", "/groups", group)).statusCode, changes ? 201 : 403, role);
    const change = await ask(role, "PATCH", "/users/somebody", { grants: [] });
    assert.equal(change.statusCode, changes ? 200 : 403, role);
    const self = (await ask(role, "GET", "/self")).json<{
      administrator: boolean;
      grants: object[];
      audits: boolean;
    }>();
    assert.equal(self.administrator, reads, role);
    const mine = role.replaceAll(/[^a-z]+/g, "-");
    const raised = await ask(role, "PATCH", `/users/${mine}`, { administrator: true });
    assert.equal(raised.statusCode, changes ? 200 : 403, `${role} made himself an administrator: ${raised.body}`);
  }
  assert.deepEqual((await ask("operator of near by a group", "GET", "/self")).json(), {
    username: "operator-of-near-by-a-group",
    administrator: false,
    read_only: false,
    grants: [{ role: "operator", pool: "near" }],
    groups: ["near"],
    audits: false,
  });
});

test("a key for one pool, or one that reads, makes no way around itself", async () => {
  const role = "administrator's key for near";
  const cases = [
    ["POST", "/tokens", { name: "more" }],
    ["PATCH", "/users/administrator-s-key-for-near", { password: "another one" }],
    ["POST", "/ssh-keys", { key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJUeQqCZeqHGOMzm0mzOf8kHBOzdyVGJ5q0xHTaHDNM" }],
    ["DELETE", "/sessions", undefined],
  ] as const;
  for (const [method, url, body] of cases) {
    const answer = await ask(role, method, url, body);
    assert.equal(answer.statusCode, 403, `${method} ${url}: ${answer.body}`);
    assert.equal((await ask("administrator's key that reads", method, url, body)).statusCode, 403);
  }
});
