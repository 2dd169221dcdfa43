import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Machine, type Problem, machine, pageOf } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { countColumns, machineCounts } from "./counts.ts";
import { machineOrders, type MachineOrder } from "./order.ts";
import { testInventory, testMachine } from "./testing.ts";

let api: TestApi;
before(async () => {
  api = await testApi({ local: true });
  const { db } = api.database;
  const users = await db
    .insertInto("users")
    .values(["anna", "Bert"].map((username) => ({ username, password_hash: "!" })))
    .returning("id")
    .execute();
  await db
    .insertInto("zones")
    .values([{ name: "lab" }, { name: "Cellar" }])
    .execute();
  const zones = await db.selectFrom("zones").select("id").execute();
  // Many are alike in most things, and every third has no inventory.
  for (let index = 0; index < 26; index++)
    await testMachine(db, {
      hostname: `${index % 2 ? "web" : "Db"}-${100 - index}`.toLowerCase(),
      status: (["ready", "new", "deployed"] as const)[index % 3]!,
      status_since: new Date(Date.UTC(2026, 0, 1 + (index % 5))),
      owner_id: users[index % 4]?.id ?? null,
      zone_id: zones[index % 3]!.id,
      inventory:
        index % 3 === 0 ? null : json(testInventory("52:54:00:00:00:01", (index % 4) * 2 ** 30, 1 + (index % 2))),
    });
});
after(() => api.close());

const list = async (query: string): Promise<Machine[]> => {
  const seen: Machine[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const answer: { statusCode: number; body: string } = await api.app.inject(
      `/api/v1/machines?${query}${cursor && `&cursor=${cursor}`}`,
    );
    assert.equal(answer.statusCode, 200, answer.body);
    const page: { items: Machine[]; next: string | null } = pageOf(machine).parse(JSON.parse(answer.body));
    seen.push(...page.items);
    cursor = page.next;
  }
  return seen;
};

const compare = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);
/** What a machine is sorted by, as text or number. */
const keyOf = (one: Machine, name: MachineOrder): string | number =>
  one[name] ?? (["cpu_count", "memory", "storage"].includes(name) ? -1 : "");

test("machines come sorted by anything, both ways, page after page, each once", async () => {
  const names = Object.keys(machineOrders) as MachineOrder[];
  for (const sort of [
    ...names,
    ...names.map((name) => `-${name}`),
    "-memory,hostname",
    "status,-zone,owner",
    "zone,-created_at",
  ]) {
    const keys = sort
      .split(",")
      .map((part) => ({ name: part.replace("-", "") as MachineOrder, sign: part.startsWith("-") ? -1 : 1 }));
    const tie = keys[0]!.sign;
    const seen = await list(`limit=7&sort=${sort}`);
    const expected = [...seen].sort((a, b) => {
      for (const { name, sign } of keys) {
        const [one, other] = [keyOf(a, name), keyOf(b, name)];
        const order = typeof one === "number" && typeof other === "number" ? one - other : compare(one, other);
        if (order !== 0) return sign * order;
      }
      return tie * compare(a.id, b.id);
    });
    assert.deepEqual(
      seen.map(({ id }) => id),
      expected.map(({ id }) => id),
      sort,
    );
    assert.equal(new Set(seen.map(({ id }) => id)).size, 26, sort);
  }
  const some = await list("limit=2&sort=-hostname&filter=status:ready");
  assert.deepEqual(
    some.map(({ hostname }) => hostname),
    some
      .map(({ hostname }) => hostname)
      .sort()
      .toReversed(),
  );
  assert.equal(some.length, 9);
});

test("an order or a cursor that cannot be is refused", async () => {
  const refused = async (query: string): Promise<[string | undefined, string]> => {
    const answer = await api.app.inject(`/api/v1/machines?${query}`);
    assert.equal(answer.statusCode, 400, query);
    const told = answer.json<Problem>();
    return [told.failures?.[0]?.field, told.detail];
  };
  assert.match((await refused("sort=memroy"))[1], /did you mean memory\?/);
  for (const sort of ["", "-", "memory,memory", "--memory", "memory;drop", "memory,zone,pool,owner"])
    assert.equal((await refused(`sort=${sort}`))[0], "sort", sort);
  const { next } = (await api.app.inject("/api/v1/machines?sort=memory&limit=1")).json<{ next: string }>();
  const forge = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  for (const cursor of [
    next.slice(0, -4),
    "x",
    forge(["memory", "text", "aaaaaa"]),
    forge(["memory", 1]),
    forge(["memory", 1e300, "aaaaaa"]),
    forge(["hostname", 1, "aaaaaa"]),
    forge({ a: 1 }),
  ])
    assert.equal((await refused(`sort=memory&cursor=${cursor}`))[0], "cursor", cursor);
  assert.equal((await refused(`sort=-memory&cursor=${next}`))[0], "cursor");
  assert.equal((await refused(`sort=hostname&cursor=${forge(["hostname", "a\0", "aaaaaa"])}`))[0], "cursor");
});

test("machines are counted in groups, those a filter leaves", async () => {
  const counts = async (query: string) => {
    const answer = await api.app.inject(`/api/v1/machines/counts?${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return machineCounts.parse(answer.json());
  };
  const all = await list("limit=1000");
  const told = await counts("by=status,zone");
  assert.equal(told.total, 26);
  for (const { status, zone, count } of told.counts)
    assert.equal(count, all.filter((one) => one.status === status && one.zone === zone).length);
  assert.equal(
    told.counts.reduce((sum, { count }) => sum + count, 0),
    26,
  );
  assert.deepEqual((await counts("by=owner&filter=owner:anna")).counts, [{ owner: "anna", count: 7 }]);
  assert.ok((await counts("by=owner")).counts.some(({ owner }) => owner === null));
  assert.deepEqual(await counts("filter=hostname:nobody"), { total: 0, groups: 0, counts: [] });
  assert.equal((await api.app.inject("/api/v1/machines/counts?by=colour")).statusCode, 400);
});

test("what may be typed in a filter is told with values that exist", async () => {
  const options = async (text: string, more = "") => {
    const answer = await api.app.inject(`/api/v1/machines/filter/complete?text=${encodeURIComponent(text)}${more}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json<{ from: number; options: { text: string }[] }>();
  };
  assert.deepEqual(
    (await options("zone:c")).options.map(({ text }) => text),
    ["Cellar"],
  );
  assert.deepEqual(
    (await options("owner:")).options.map(({ text }) => text),
    ["Bert", "anna"],
  );
  assert.deepEqual((await options("status:ready hostname:web-9", "&at=24")).options.length, 13);
  assert.ok((await options("status:d")).options.some(({ text }) => text === "deployed"));
  assert.deepEqual((await options("hostname:%")).options, []);
  assert.equal((await options("mem")).options[0]?.text, "memory>=");
});

test("one index holds all that counting looks at; sorted lists are found by theirs", async () => {
  const { db } = api.database;
  await sql`insert into machines (id, hostname, status, zone_id) select 'x' || i, 'bulk-' || i, 'new', 1 from generate_series(1, 5000) i`.execute(
    db,
  );
  await sql`vacuum analyze machines`.execute(db);
  const planOf = async (query: ReturnType<typeof sql>): Promise<string> =>
    (await sql<{ "QUERY PLAN": string }>`explain ${query}`.execute(db)).rows.map((row) => row["QUERY PLAN"]).join("\n");
  const { rows } = await sql<{ column: string }>`select attname as column from pg_attribute
    where attrelid = 'machines_counted'::regclass`.execute(db);
  const held = rows.map(({ column }) => column);
  const needed = [...countColumns, "pool_id", "owner_id"].filter((column) => !held.includes(column));
  assert.deepEqual(needed, [], "counting by these, or for a user who does not see all, reads every machine");
  for (const name of ["hostname", "status", "status_since", "created_at", "cpu_count", "memory", "storage"] as const) {
    const { expression } = machineOrders[name];
    for (const way of [sql`asc`, sql`desc`]) {
      const plan = await planOf(
        sql`select id from machines order by ${expression} ${way}, machines.id ${way} limit 51`,
      );
      assert.match(plan, /Index.* Scan/, `${name}\n${plan}`);
      assert.doesNotMatch(plan, /Sort/, `${name}\n${plan}`);
    }
  }
});
