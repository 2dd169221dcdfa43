import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { loadBootFacts } from "../boot/index.ts";
import { json } from "../database/pool.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import { noLog } from "../log.ts";
import { testInventory, testMachine } from "../machines/testing.ts";
import { setPlace } from "../zones/index.ts";
import { kernelOptionsOf, missingXml, saveLshw, setTags, tagChanged } from "./index.ts";

let api: TestApi;
before(async () => (api = await testApi({ local: true })));
after(() => api.close());

type Answer = { status: number; body: Record<string, unknown> & { failures?: { field: string; allowed: string }[] } };
const ask = async (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, payload?: object): Promise<Answer> => {
  const answer = await api.app.inject({ method, url: `/api/v1/tags${path}`, ...(payload && { payload }) });
  return { status: answer.statusCode, body: answer.body === "" ? {} : answer.json() };
};
const define = (name: string, definition_kind: "xpath" | "filter", definition: string) =>
  ask("POST", "", { name, definition_kind, definition });
const keep = (id: string, xml: string) => api.database.db.transaction().execute((tx) => saveLshw(tx, id, xml));
const settle = () => tagChanged(api.database.db, noLog);
const holders = async (tag: string): Promise<string[]> => {
  const answer = await api.app.inject({ url: `/api/v1/machines?limit=1000&filter=tag:${tag}` });
  return answer.json<{ items: { id: string }[] }>().items.map(({ id }) => id);
};
const lshw = (...nodes: string[]) => `<?xml version="1.0" standalone="yes" ?><list>${nodes.join("")}</list>`;
const node = (id: string, vendor = "QEMU") => `<node id="${id}" class="x"><vendor>${vendor}</vendor></node>`;
const machine = async (xml?: string) => {
  const { id } = await testMachine(api.database.db, { status: "ready" });
  if (xml !== undefined) await keep(id, xml);
  return id;
};

test("an XPath definition finds its machines at once, and again when they change", async () => {
  assert.equal(await missingXml(api.database.db), null);
  const gpu = await machine(lshw(node("display", "NVIDIA")));
  const other = await machine(lshw(node("display")));
  await machine();
  const made = await define("nvidia", "xpath", "//node[@id='display']/vendor[contains(., 'NVIDIA')]");
  assert.deepEqual([made.status, made.body["machines"]], [201, 1]);
  assert.deepEqual(await holders("nvidia"), [gpu]);

  await keep(other, lshw(node("display", "NVIDIA Corporation")));
  await keep(gpu, lshw(node("network")));
  assert.ok((await settle()) >= 2);
  assert.deepEqual(await holders("nvidia"), [other]);
  assert.equal(await settle(), 0);

  const count = await ask("PATCH", "/nvidia", { definition: "count(//node) = 1 and //node/@id = 'network'" });
  assert.deepEqual([count.status, await holders("nvidia")], [200, [gpu]]);
  const manual = await ask("PATCH", "/nvidia", { definition: null });
  assert.deepEqual([manual.body["definition_kind"], await holders("nvidia")], [null, [gpu]]);
});

test("a definition that is none is refused with libxml's complaint, and changes nothing", async () => {
  const id = await machine(lshw(node("a")));
  await define("kept", "xpath", "//node[@id='a']");
  const had = await holders("kept");
  assert.ok(had.includes(id));
  for (const [definition, complaint] of [
    ["//node[", /'\[' is not closed/],
    ["//node[@id=]", /invalid XPath expression/],
    ["//lldp:lldp", /Undefined namespace prefix/],
    ["//node[frobnicate()]", /Unregistered function/],
    ["$x", /Undefined variable/],
    ["1) or (1", /no opening bracket/],
    ["//node[//node]", /must not begin at the root/],
  ] as const) {
    const { status, body } = await ask("PATCH", "/kept", { definition });
    assert.equal(status, 400, definition);
    assert.equal(body.failures?.[0]?.field, "definition");
    assert.match(body.failures?.[0]?.allowed ?? "", complaint);
  }
  const late = await define("late", "xpath", "boolean(//vendor) and count(concat(//node/@id, '')) > 1");
  assert.equal(late.status, 400);
  assert.deepEqual([(await ask("GET", "/late")).status, await holders("kept")], [404, had]);
  for (const body of [
    { name: "x", definition: "//a" },
    { name: "x", definition_kind: "xpath" },
    { name: "no spaces" },
    { name: "x", kernel_options: "a=$(reboot)" },
    { name: "x", kernel_options: 'quiet "x"' },
  ])
    assert.equal((await ask("POST", "", body)).status, 400, JSON.stringify(body));
  assert.equal((await ask("POST", "", { name: "kept" })).status, 409);
});

test("what a hostile machine sends as XML is no tag of its own and no harm to the others", async () => {
  const { db } = api.database;
  const entities = Array.from({ length: 12 }, (_, index) => {
    const [name, inner] = [String.fromCharCode(98 + index), String.fromCharCode(97 + index)];
    return `<!ENTITY ${name} "${`&${inner};`.repeat(10)}">`;
  });
  const bomb = `<!DOCTYPE l [<!ENTITY a "${"x".repeat(100)}">${entities.join("")}]><list><node id="h">&m;</node></list>`;
  const blowUp = `<!DOCTYPE l [<!ENTITY a "${"x".repeat(100_000)}">]><list><node id="h">${"&a;".repeat(40_000)}</node></list>`;
  const hostile = {
    empty: "",
    text: "no xml \u0000 at all",
    cut: `<list><node id="h"><vendor>`,
    bomb,
    blowUp,
    deep: `${"<a>".repeat(20_000)}<node id="h"/>${"</a>".repeat(20_000)}`,
    nested: `${"<a>".repeat(64)}<node id="h"/>${"</a>".repeat(64)}`,
    wide: `<list>${'<node id="h"/>'.repeat(60_000)}</list>`,
    long: `<list><node id="h">${"x".repeat(5_000_000)}</node></list>`,
    namespace: `<list xmlns="urn:x"><node id="h"/></list>`,
  };
  const ids: Record<string, string> = {};
  for (const [name, xml] of Object.entries(hostile)) ids[name] = await machine(xml);
  const external = await machine(
    `<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><list><node id="h">&a;</node></list>`,
  );
  const honest = await machine(lshw(node("h")));

  const made = await define("hostile", "xpath", "//node[@id='h']");
  assert.deepEqual(
    [made.status, await holders("hostile")],
    [201, [external, honest].sort()],
    JSON.stringify(made.body),
  );
  assert.equal((await define("leaked", "xpath", "contains(//node, 'root:')")).body["machines"], 0);
  await settle();
  assert.deepEqual(await holders("hostile"), [external, honest].sort());
  const rows = await db.selectFrom("machine_lshw").select(["machine_id", "problem"]).execute();
  const problems = Object.entries(ids).map(([name, id]) => [name, rows.find((row) => row.machine_id === id)?.problem]);
  for (const [name, problem] of problems) assert.equal(problem === null, name === "namespace", `${name}: ${problem}`);
});

test("the largest document that is asked does not hold an expression up for long", async () => {
  const flat = `<list>${"<a/>".repeat(39_000)}</list>`;
  const id = await machine(flat);
  for (const expression of ["//a[.//b]", "//*[contains(., 'x')]", "//*//*//*", "//a/ancestor::*//b"]) {
    const made = await define("large", "xpath", expression);
    assert.equal(made.status, 201, `${expression} ${JSON.stringify(made.body)}`);
    assert.equal((await ask("DELETE", "/large")).status, 204);
  }
  await api.database.db.deleteFrom("machines").where("id", "=", id).execute();
});

test("a filter definition follows hardware, name, zone and cards of a machine", async () => {
  const { db } = api.database;
  const { id, mac } = await testMachine(db, {
    hostname: "small-1",
    inventory: json(testInventory("52:54:00:00:00:09")),
  });
  const refused = await define("busy", "filter", "status:ready tag:x cpu>1");
  assert.equal(refused.status, 400);
  assert.match(
    refused.body.failures?.[0]?.allowed ?? "",
    /may not ask for status, tag, which changes .* allowed are arch, /,
  );
  assert.match(
    (await define("bad", "filter", "cpu>>1")).body.failures?.[0]?.allowed ?? "",
    /is no filter: at character 5/,
  );
  assert.equal((await define("large", "filter", "cpu>=64")).body["machines"], 0);
  assert.equal((await define("web", "filter", "hostname:web*")).body["machines"], 0);
  assert.equal((await define("basement", "filter", "zone:basement")).body["machines"], 0);
  assert.deepEqual((await define("carded", "filter", `mac:${mac} or mac:52:54:00:ff:ff:01`)).body["machines"], 1);

  await db
    .updateTable("machines")
    .set({ hostname: "web-1", inventory: json(testInventory(mac, 2 ** 31, 64)) })
    .where("id", "=", id)
    .execute();
  await db.insertInto("zones").values({ name: "cellar" }).execute();
  await db.transaction().execute((tx) => setPlace(tx, [id], { zone: "cellar" }));
  await db.updateTable("interfaces").set({ mac: "52:54:00:ff:ff:02" }).where("machine_id", "=", id).execute();
  await settle();
  assert.deepEqual([await holders("large"), await holders("web"), await holders("carded")], [[id], [id], []]);
  assert.deepEqual(await holders("basement"), []);
  await api.app.inject({ method: "PATCH", url: "/api/v1/zones/cellar", payload: { name: "basement" } });
  await settle();
  assert.deepEqual(await holders("basement"), [id]);
  assert.ok((await define("every", "filter", "not hostname:none")).status === 201);
  const later = await machine();
  await settle();
  assert.ok((await holders("every")).includes(later));
});

test("what changes while a definition is being applied is looked at again afterwards", async () => {
  const { db } = api.database;
  const ids = await Promise.all(Array.from({ length: 8 }, () => machine(lshw(node("before")))));
  await settle();
  await Promise.all([
    define("racing", "xpath", "//node[@id='after']"),
    ...ids.map((id) => keep(id, lshw(node("after")))),
    settle(),
    settle(),
  ]);
  await settle();
  assert.deepEqual(await holders("racing"), ids.sort());
  const left = await db.selectFrom("tag_queue").select("id").execute();
  assert.deepEqual(left, []);
});

test("tags given by hand belong to whom they are given; automatic ones cannot be given", async () => {
  const { db } = api.database;
  const [one, two] = [await machine(), await machine()];
  await ask("POST", "", { name: "by-hand", comment: "mine" });
  await define("automatic", "filter", `id:${one}`);
  const change = (name: string, body: object) => ask("POST", `/${name}/machines`, body);
  assert.equal((await change("by-hand", { add: [one, two, one] })).body["machines"], 2);
  assert.equal((await change("by-hand", { add: [one], remove: [two] })).body["machines"], 1);
  assert.deepEqual(await holders("by-hand"), [one]);
  const unknown = await change("by-hand", { add: [one, "999999"] });
  assert.deepEqual([unknown.status, unknown.body.failures?.[0]?.field], [400, "add"]);
  assert.equal((await change("automatic", { add: [two] })).status, 409);
  assert.equal((await change("nowhere", { add: [two] })).status, 404);
  await assert.rejects(
    db.transaction().execute((tx) => setTags(tx, [one], { add: ["nowhere"] })),
    /must name tags that exist/,
  );
  await db.updateTable("machines").set({ hostname: "renamed" }).where("id", "=", one).execute();
  await settle();
  assert.deepEqual(await holders("by-hand"), [one]);
  const renamed = await ask("PATCH", "/by-hand", { name: "theirs" });
  assert.deepEqual([renamed.body["name"], renamed.body["comment"], await holders("theirs")], ["theirs", "mine", [one]]);
  const { body } = await ask("GET", "?limit=2");
  assert.equal((body["items"] as unknown[]).length, 2);
  const events = await db
    .selectFrom("events")
    .select("data")
    .where("type", "=", "tag.changed")
    .orderBy("id", "desc")
    .limit(1)
    .execute();
  assert.deepEqual(events[0]?.data, {
    action: "update",
    name: "by-hand",
    before: { name: "by-hand" },
    after: { name: "theirs" },
  });
  await ask("DELETE", "/theirs");
  assert.deepEqual(await holders("theirs"), []);
});

test("the kernel gets the options of a machine's tags, in the order of the tags' names", async () => {
  const { db } = api.database;
  const { id, mac } = await testMachine(db, { status: "commissioning" });
  for (const [name, kernel_options] of [
    ["z-last", "iommu=pt"],
    ["a-first", "console=ttyS1,115200n8 hugepages=64"],
    ["B-second", "isolcpus=1-3"],
    ["plain", ""],
  ])
    await ask("POST", "", { name, kernel_options });
  assert.equal(await kernelOptionsOf(db, id), "");
  await db.transaction().execute((tx) => setTags(tx, [id], { add: ["plain", "z-last", "a-first", "B-second"] }));
  const options = "isolcpus=1-3 console=ttyS1,115200n8 hugepages=64 iommu=pt";
  assert.equal(await kernelOptionsOf(db, id), options);
  const request = {
    mac,
    uuid: null,
    client: "ipxe",
    firmware: null,
    architecture: "amd64",
    architecture_code: null,
  } as const;
  const facts = await loadBootFacts(db, { ...request, rack_address: "10.0.0.1", address: null, stage: "script" });
  assert.equal(facts.machine?.kernelOptions, options);
});

test("a definition over a large fleet is applied at once to the first machines, to the others by and by", async () => {
  const { db } = api.database;
  await settle();
  await sql`with made as (
      insert into machines (id, hostname, status) select 'f' || lpad(i::text, 5, '0'), 'fleet-' || i, 'new'
      from generate_series(1, 1500) i returning id
    ), cards as (
      insert into machine_lshw (machine_id, document) select id, xmlparse(document ${lshw(node("fleet"))}) from made
    ) select 1`.execute(db);
  await settle();
  const made = await define("fleet", "xpath", "//node/@id = 'fleet'");
  const { machines, pending } = made.body as { machines: number; pending: number };
  assert.ok(machines > 900 && machines < 1000 + 1 && pending > 0, JSON.stringify(made.body));
  assert.equal(await settle(), pending);
  assert.deepEqual((await ask("GET", "/fleet")).body, { ...made.body, machines: 1500, pending: 0 });
  // Half-way back to none, and then by hand: what is not asked any more stays.
  const none = (await ask("PATCH", "/fleet", { definition: "//node/@id = 'none'" })).body as { machines: number };
  assert.ok(none.machines > 0 && none.machines < 1500);
  await ask("PATCH", "/fleet", { definition: null });
  await settle();
  assert.equal((await ask("GET", "/fleet")).body["machines"], none.machines);
  await db.deleteFrom("machines").where("hostname", "like", "fleet-%").execute();
});

test("ten thousand machines are tagged in few statements", async () => {
  const { db } = api.database;
  await settle();
  await sql`insert into machines (id, hostname, status) select 'm' || i, 'many-' || i, 'new' from generate_series(1, 10000) i`.execute(
    db,
  );
  const { rows } = await sql<{ count: number }>`select count(*) as count from tag_queue`.execute(db);
  assert.equal(rows[0]?.count, 10_000);
  assert.equal((await define("many", "filter", "hostname:many-*")).body["machines"], 10_000);
  await db.deleteFrom("machines").where("hostname", "like", "many-%").execute();
  assert.ok((await settle()) >= 10_000);
  assert.equal((await ask("GET", "/many")).body["machines"], 0);
});
