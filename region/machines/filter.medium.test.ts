import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Comparison,
  type Filter,
  type FilterField,
  fieldRule,
  filterFieldNames,
  machine,
  pageOf,
  parseFilter,
  printFilter,
} from "@rackwright/contract";
import fc from "fast-check";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { setTags } from "../tags/index.ts";
import { filterCondition } from "./filter.ts";
import { testInventory, testMachine } from "./testing.ts";

type Known = Record<Exclude<FilterField, "cpu" | "memory" | "storage">, string[]> &
  Record<"cpu" | "memory" | "storage", number | null> & { texts: string[] };

const words = {
  status: ["new", "ready", "deployed", "failed commissioning"],
  power: ["on", "off", "unknown"],
  arch: ["amd64", "arm64"],
  firmware: ["bios", "uefi"],
  owner: ["alice", "Bob_x", "bob%x"],
  zone: ["default", "lab", "Lab 2"],
  pool: ["default", "gpu-pool"],
  tag: ["gpu", "gpu-2", "rack_1"],
  hostname: ["web-1", "web-2", "db", "we"],
  serial: ["SN1", "sn%", "s\\n"],
  vendor: ["Dell Inc.", "QEMU", "dell_x"],
  product: ["R640", "R6%0"],
  image: ["debian-12", "debian*"],
} as const;

let api: TestApi;
let known: Known[];
before(async () => {
  api = await testApi({ local: true });
  const { db } = api.database;
  const users = await db
    .insertInto("users")
    .values(words.owner.map((username) => ({ username, password_hash: "!" })))
    .returning(["id", "username"])
    .execute();
  for (const table of ["zones", "pools"] as const)
    await db
      .insertInto(table)
      .values((table === "zones" ? words.zone : words.pool).slice(1).map((name) => ({ name })))
      .execute();
  await db
    .insertInto("tags")
    .values(words.tag.map((name) => ({ name })))
    .execute();
  const zones = await db.selectFrom("zones").selectAll().execute();
  const pools = await db.selectFrom("pools").selectAll().execute();
  known = [];
  // Every third machine lacks what a machine can lack; the others take the words in turn.
  for (let index = 0; index < 30; index++) {
    const pick = <T>(all: readonly T[], step = 1): T => all[Math.floor(index / step) % all.length]!;
    const lacks = index % 3 === 0;
    const inventory = testInventory("52:54:00:00:00:01", (index % 5) * 2 ** 30, 1 + (index % 4));
    inventory.dmi.system_vendor = pick(words.vendor);
    inventory.dmi.system_product = pick(words.product, 2);
    inventory.disks = inventory.disks.flatMap((disk) => (index % 2 ? [disk, disk] : []));
    const owner = lacks ? null : pick(users);
    const zone = pick(zones, 2);
    const pool = pick(pools, 3);
    const tags = words.tag.filter((_, bit) => (index >> bit) & 1);
    const row = {
      status: pick(words.status),
      power_state: pick(words.power, 2),
      architecture: lacks ? null : pick(words.arch),
      firmware: lacks ? null : pick(words.firmware, 2),
      hostname: `${pick(words.hostname)}${index < 4 ? "" : `-${index}`}`,
      serial: lacks ? null : pick(words.serial),
      image: lacks ? null : pick(words.image),
    };
    const { id, mac } = await testMachine(db, {
      ...row,
      owner_id: owner?.id ?? null,
      zone_id: zone.id,
      pool_id: pool.id,
      inventory: lacks ? null : json(inventory),
    });
    await db.transaction().execute((tx) => setTags(tx, [id], { add: tags }));
    const some = (value: string | null): string[] => (value === null ? [] : [value]);
    known.push({
      status: [row.status],
      power: [row.power_state],
      arch: some(row.architecture),
      firmware: some(row.firmware),
      owner: some(owner?.username ?? null),
      zone: [zone.name],
      pool: [pool.name],
      tag: tags,
      hostname: [row.hostname],
      id: [id],
      mac: [mac],
      serial: some(row.serial),
      vendor: lacks ? [] : [inventory.dmi.system_vendor],
      product: lacks ? [] : [inventory.dmi.system_product],
      image: some(row.image),
      cpu: lacks ? null : inventory.cpu.threads,
      memory: lacks ? null : inventory.memory.total,
      storage: lacks ? null : inventory.disks.reduce((sum, { size }) => sum + size, 0),
      texts: [],
    });
    const last = known.at(-1)!;
    last.texts = [...last.id, ...last.hostname, ...last.mac, ...last.serial, ...last.vendor, ...last.product];
  }
});
after(() => api.close());

/** What the language says, without any SQL: the oracle. */
function holds(filter: Filter, machine: Known): boolean {
  switch (filter.kind) {
    case "and":
      return filter.of.every((one) => holds(one, machine));
    case "or":
      return filter.of.some((one) => holds(one, machine));
    case "not":
      return !holds(filter.of, machine);
    case "text":
      return machine.texts.some((text) => text.toLowerCase().includes(filter.text.toLowerCase()));
    case "field": {
      const has = machine[filter.field];
      return filter.values.some((value) =>
        typeof value === "number" || has === null || typeof has === "number"
          ? typeof has === "number" && compares(has, filter.comparison, Number(value))
          : has.some((one) => matches(filter.field, one, value)),
      );
    }
  }
}

function compares(has: number, comparison: Comparison, value: number): boolean {
  return { ":": has === value, ">=": has >= value, "<=": has <= value, ">": has > value, "<": has < value }[comparison];
}

function matches(field: FilterField, has: string, pattern: string): boolean {
  if (fieldRule(field).kind === "choice") return has === pattern;
  const anyCase = ["hostname", "id", "mac", "serial", "vendor", "product"].includes(field);
  const [text, wanted] = anyCase ? [has.toLowerCase(), pattern.toLowerCase()] : [has, pattern];
  const [first = "", ...rest] = wanted.split("*");
  if (rest.length === 0) return text === wanted;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

const patterns = (all: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...all), fc.nat({ max: 8 }), fc.nat({ max: 3 }))
    .map(
      ([word, at, way]) =>
        [word, `${word.slice(0, at)}*`, `*${word.slice(at)}`, `${word.slice(0, 1)}*${word.slice(at)}`][way]!,
    );

const condition: fc.Arbitrary<Filter> = fc.constantFrom(...filterFieldNames).chain((field): fc.Arbitrary<Filter> => {
  if (field === "cpu" || field === "memory" || field === "storage") {
    const number = fc.constantFrom(0, 1, 2, 3, 2 ** 30, 3 * 2 ** 30, 20e9, 40e9, Number.MAX_SAFE_INTEGER);
    return fc
      .tuple(fc.constantFrom(":" as const, ">=" as const, "<=" as const, ">" as const, "<" as const), number)
      .map(([comparison, value]): Filter => ({ kind: "field", field, comparison, values: [value] }));
  }
  const rule = fieldRule(field);
  const value =
    rule.kind === "choice"
      ? fc.constantFrom(...rule.choices)
      : fc.oneof(
          patterns(field === "id" || field === "mac" ? ["52:54:00", "a", "7"] : words[field as "zone"]),
          fc.constantFrom("*", "%", "_", "\\", "**"),
        );
  return fc
    .array(value, { minLength: 1, maxLength: 3 })
    .map((values): Filter => ({ kind: "field", field, comparison: ":", values }));
});
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 3, arbitrary: condition },
    fc.constantFrom("web", "%", "_", "\\", "dell", "54:00", "R6").map((text): Filter => ({ kind: "text", text })),
    tie("filter").map((of): Filter => ({ kind: "not", of })),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("filter"), { minLength: 2, maxLength: 3 }))
      .map(([kind, of]): Filter => ({ kind, of })),
  ),
})).filter;

test("the database finds what the language says", async () => {
  const { db } = api.database;
  const found = async (filter: Filter) => {
    const rows = await db.selectFrom("machines").select("id").where(filterCondition(filter)).orderBy("id").execute();
    return rows.map(({ id }) => id);
  };
  let some = 0;
  await fc.assert(
    fc.asyncProperty(filters, async (filter) => {
      const expected = known.filter((machine) => holds(filter, machine)).map(({ id }) => id[0]!);
      if (expected.length > 0 && expected.length < known.length) some++;
      assert.deepEqual(await found(filter), expected.sort(), printFilter(filter));
    }),
    { numRuns: 200 },
  );
  assert.ok(some > 25, `only ${some} filters told machines apart`);
  assert.equal((await found(parseFilter(""))).length, known.length);
});

test("the list of machines takes a filter, page after page, and says what is wrong with one", async () => {
  const list = async (filter: string, more = "") => {
    const answer = await api.app.inject({ url: `/api/v1/machines?filter=${encodeURIComponent(filter)}${more}` });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  const wanted = known
    .filter((machine) => machine.tag.includes("gpu") && (machine.cpu ?? 0) >= 2)
    .map(({ id }) => id[0]!);
  const seen: string[] = [];
  for (let more: string | null = "&limit=2"; more !== null;) {
    const { items, next } = pageOf(machine).parse((await list("tag:gpu cpu>=2", more)).body);
    seen.push(...items.map(({ id }) => id));
    more = next === null ? null : `&limit=2&cursor=${next}`;
  }
  assert.deepEqual(seen, wanted.sort());
  const { items } = (await list("hostname:web-2")).body as { items: Record<string, unknown>[] };
  assert.deepEqual(
    items.map(({ zone, pool, tags, cpu_count, storage }) => ({ zone, pool, tags, cpu_count, storage })),
    known
      .filter(({ hostname }) => hostname[0] === "web-2")
      .map(({ zone, pool, tag, cpu, storage }) => ({
        zone: zone[0],
        pool: pool[0],
        tags: tag,
        cpu_count: cpu,
        storage,
      })),
  );
  const refused = await list("status:ready cpus>2");
  assert.equal(refused.status, 400);
  const [failure] = refused.body["failures"] as { field: string; value: string; allowed: string }[];
  assert.deepEqual([failure?.field, failure?.value], ["filter", "status:ready cpus>2"]);
  assert.match(
    failure?.allowed ?? "",
    /^at character 14: found 'cpus' \(did you mean cpu\?\), where there must be one of the fields status/,
  );
});

test("what fields ask for is looked up in indexes", async () => {
  const { db } = api.database;
  await sql`insert into machines (id, hostname, status) select 'x' || i, 'bulk-' || i, 'new' from generate_series(1, 5000) i`.execute(
    db,
  );
  await sql`analyze machines, interfaces, machine_tags, tags, zones, pools, users`.execute(db);
  for (const filter of [
    "status:deployed",
    "cpu>=4",
    "memory>=3G",
    "storage>30G",
    "hostname:web*",
    "hostname:web-2",
    "serial:sn*",
    "vendor:dell*",
    "product:r640",
    "image:debian-12",
    "owner:alice",
    "tag:gpu",
    "zone:lab",
    "pool:gpu-pool",
    "mac:52:54:00:00:00:01",
    "id:abc",
  ]) {
    const { rows } = await sql<{ "QUERY PLAN": string }>`
      explain select id from machines where ${filterCondition(parseFilter(filter))}`.execute(db);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    assert.doesNotMatch(plan, /Seq Scan on machines/, `${filter}\n${plan}`);
  }
});
