import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { appendEvent } from "../events/append.ts";
import { resources } from "../maas2/resources.ts";
import type { Example, Examples } from "../maas2/testing/example.ts";
import { sshKey } from "../maas2/testing/ssh-key.ts";
import { readExamples, readTable } from "../maas2/testing/table.ts";
import { testWorld } from "../maas2/testing/world.ts";
import { answerSchema, itemSchema } from "./asked.ts";

/** Rows of these lists are made by no request, or are none: they cannot grow here. */
const still = [
  // What is known to the program itself.
  "/api/v1/failures",
  // Made by a rack, a controller, an image store, or a log-in.
  "/api/v1/racks",
  "/api/v1/images",
  "/api/v1/sessions",
  "/api/v1/discoveries",
  "/api/v1/leases",
  "/api/v1/oidc-providers",
  "/api/v1/ldap-servers",
  // One for each model, and one for each status.
  "/api/v1/twins",
  "/api/v1/machines/counts",
];

let world: Awaited<ReturnType<typeof testWorld>>;
let examples: Examples;
const seen: string[] = [];
before(async () => {
  ({ examples } = await readExamples());
  world = await testWorld({
    // When a key was used last is noted once a minute.
    queries: ({ level, query }) => {
      if (level === "query" && !query.sql.startsWith('update "tokens"')) seen.push(query.sql);
    },
  });
});
after(() => world.close());

/** Makes one more of everything that can be made by a request, and machines that have all that belongs to one. */
async function grow(): Promise<void> {
  const makes = readTable().filter(
    ({ method, op, path }) => method === "POST" && (op === null || op === "reserve") && !path.includes("{"),
  );
  for (const row of makes) {
    const make = examples[row.name];
    if (make === undefined || row.tier === 3) continue;
    const { path: _path, status: _status, empty: _empty, ...asked }: Example = await make(world);
    await world.ask("POST", row.path, { ...asked, op: row.op });
  }
  for (const [path, body] of [
    ["webhooks", { url: "https://example.org/", secret: "sixteen characters" }],
    ["groups", { name: world.fresh("group") }],
    ["tokens", { name: world.fresh("token") }],
    ["ssh-keys", { key: sshKey() }],
  ] as const)
    await asAdmin(`/api/v1/${path}`, body);
  const [owner, tag] = [world.people.user, world.fresh("tag")];
  const { id: tagId } = await world.db
    .insertInto("tags")
    .values({ name: tag })
    .returning("id")
    .executeTakeFirstOrThrow();
  for (const owned of [true, false]) {
    const id = await world.machine(owned ? { owner_id: owner.id, status: "deployed" } : {});
    await world.db.insertInto("machine_tags").values({ machine_id: id, tag_id: tagId }).execute();
    await appendEvent(world.db, { type: "machine.status", machine_id: id, message: "it changed" });
    await sql`insert into inventories (machine_id, inventory) select id, inventory from machines where id = ${id}`.execute(
      world.db,
    );
  }
}

const asAdmin = (url: string, payload?: object) =>
  world.app.inject({
    method: payload === undefined ? "GET" : "POST",
    url,
    headers: { authorization: `Bearer ${world.people.admin.key}` },
    ...(payload !== undefined && { payload }),
  });

/** Lists of both faces: their paths, of the MAAS face those whose answer is an array. */
function lists(): string[] {
  const own = world.app.described
    .filter(
      ({ method, url, schema }) =>
        method === "GET" && url.startsWith("/api/v1/") && itemSchema(answerSchema(schema)) !== null,
    )
    .map(({ url }) => url.replace("/machines/:id/", `/machines/${world.machineId}/`))
    .filter((url) => !url.includes(":"));
  const theirs = resources
    .filter(({ path, operations }) => operations["GET"] !== undefined && !path.includes("{"))
    .map(({ path }) => `/MAAS/api/2.0/${path}`);
  return [...own, "/api/v1/machines/counts", ...theirs];
}

type Measured = { queries: string[]; items: number };
async function measure(url: string): Promise<Measured | null> {
  const limit = url.startsWith("/api/v1/") && !url.endsWith("/counts") ? "?limit=50" : "";
  seen.length = 0;
  const answer = url.startsWith("/MAAS") ? await world.ask("GET", url) : null;
  const own = answer === null ? await asAdmin(`${url}${limit}`) : null;
  const status = answer?.status ?? own?.statusCode;
  const queries = [...seen];
  assert.ok(status !== undefined && status < 500, `${url}: ${answer?.text ?? own?.body}`);
  if (own !== null) assert.equal(status, 200, `${url}: ${own.body}`);
  if (status !== 200 || (answer !== null && !answer.type.startsWith("application/json"))) return null;
  const body = (answer?.json() ?? own?.json()) as { items?: unknown[]; counts?: unknown[] } | unknown[];
  const items = Array.isArray(body) ? body : (body.items ?? body.counts);
  return items === undefined ? null : { queries, items: items.length };
}

test("no list asks the database more often because it has more rows", async (t) => {
  await grow();
  const few = new Map<string, Measured | null>();
  for (const url of lists()) few.set(url, await measure(url));
  for (let times = 0; times < 2; times++) await grow();
  const alike: string[] = [];
  for (const [url, before] of few) {
    if (before === null) continue;
    await t.test(url, async () => {
      const now = await measure(url);
      assert.ok(now);
      if (now.items <= before.items) alike.push(url);
      if (before.items === 0) return;
      assert.equal(
        now.queries.length,
        before.queries.length,
        `${before.items} rows took ${before.queries.length} queries, ${now.items} rows ${now.queries.length}:\n${now.queries.join("\n")}`,
      );
    });
  }
  const own = alike.filter(
    (url) => url.startsWith("/api/v1/") && !still.includes(url) && !/\/machines\/\w{6}\//.test(url),
  );
  assert.deepEqual(own, [], "these lists did not grow: make more of them in `grow`, or say in `still` why none can be");
});
