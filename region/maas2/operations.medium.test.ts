import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { takesMore } from "./describe.ts";
import { describing } from "./describing.ts";
import type { Operation } from "./operation.ts";
import { resources } from "./resources.ts";
import { type Asked, type Example, type Examples, type Reply, type Shapes, askedOf } from "./testing/example.ts";
import { type Parameter, type Row, implementationOf, readExamples, readTable, shapeOf } from "./testing/table.ts";
import { testWorld } from "./testing/world.ts";

const table = readTable();
const implementation = implementationOf([...resources, ...describing(resources, "0").resources]);
/** Rows below the base of the API; the others are tested by themselves. */
const rows = table.filter(({ path }) => !path.startsWith("../"));

let world: Awaited<ReturnType<typeof testWorld>>;
let examples: Examples;
let shapes: Shapes;
let problems: string[];
before(async () => {
  ({ examples, shapes, problems } = await readExamples());
  world = await testWorld();
});
after(() => world.close());

test("every operation of tiers 1 and 2 is there", () => {
  const missing = rows.filter((row) => row.tier < 3 && implementation(row) === undefined).map(({ name }) => name);
  assert.deepEqual(missing, []);
});

test("every operation that is there is in the table, and every example too", () => {
  assert.deepEqual(problems, []);
  const known = new Set(table.map(({ name }) => name));
  assert.deepEqual(
    Object.keys(examples).filter((name) => !known.has(name)),
    [],
  );
});

/** Rows of one handler, method and op are one operation under two paths. */
const exampleOf = (row: Row): Examples[string] | undefined =>
  examples[row.name] ??
  examples[rows.find((other) => other.alias !== true && sameOperation(row, other))?.name ?? row.name];
const sameOperation = (one: Row, other: Row) =>
  one.handler === other.handler && one.method === other.method && one.op === other.op;

const filled = (path: string, values: Example["path"] = {}) =>
  path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(values[name] ?? "x")));

/** Values that no parameter of the kind may have. */
const wrong: Record<string, string> = {
  int: "x1",
  float: "x1",
  cidr: "x/99",
  mac: "zz:zz",
  ip: "300.1.1.1",
  "list<int>": "x1",
  "list<float>": "x1",
  "list<mac>": "zz:zz",
  "list<cidr>": "x/99",
  bytes: "much",
};

async function askRow(row: Row, { path, ...asked }: Asked & Pick<Example, "path">): Promise<Reply> {
  return world.ask(row.method, filled(row.path, path), { op: row.op, ...asked });
}

/** The same question with a parameter set, or left out. */
function changed(
  example: Example,
  { name, in: where }: Parameter,
  value: string | null,
): Asked & Pick<Example, "path"> {
  const part = where === "query" ? "query" : "form";
  const { [part]: fields = {}, files = [], ...rest } = askedOf(example);
  const others = Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
  const kept = files.filter(({ field }) => field !== name);
  const withFiles = part === "form" && kept.length > 0 ? { files: kept } : {};
  return { ...rest, ...withFiles, [part]: value === null ? others : { ...others, [name]: value } };
}

async function refusals(row: Row, example: Example, operation: Operation): Promise<void> {
  const asked = askedOf(example);
  const stranger = await askRow(row, { ...asked, as: "nobody" });
  if (row.auth !== "none") {
    assert.equal(stranger.status, 401, `a stranger asked: ${stranger.status} ${stranger.text}`);
    assert.match(stranger.type, /^text\/plain/);
  }
  if (row.auth === "admin") {
    const user = await askRow(row, { ...asked, as: "other" });
    assert.ok([403, 404].includes(user.status), `an ordinary user asked: ${user.status} ${user.text}`);
  }
  for (const parameter of row.params.filter(({ in: where }) => where !== "path")) {
    const given = example.form?.[parameter.name] ?? example.query?.[parameter.name];
    if (parameter.required && given !== undefined) {
      const without = await askRow(row, changed(example, parameter, null));
      assert.equal(without.status, 400, `without ${parameter.name}: ${without.status} ${without.text}`);
      assert.match(without.text, new RegExp(parameter.name), `the answer names the parameter: ${without.text}`);
    }
    const bad = wrong[parameter.type];
    if (bad === undefined || example.lenient?.includes(parameter.name)) continue;
    const answer = await askRow(row, changed(example, parameter, bad));
    assert.ok(
      answer.status >= 400 && answer.status < 500,
      `with ${parameter.name}=${bad}: ${answer.status} ${answer.text.slice(0, 200)}`,
    );
  }
  if (!operation.strict) return;
  const unknown = await askRow(row, { ...asked, query: { ...asked.query, rackwright_unknown: "1" } });
  assert.equal(unknown.status, 400, `an unknown parameter: ${unknown.status} ${unknown.text.slice(0, 200)}`);
}

function checkReply(row: Row, example: Example, answer: Reply): void {
  const { body } = row.success;
  assert.equal(answer.status, example.status ?? row.success.status, `${answer.status} ${answer.text.slice(0, 500)}`);
  assert.match(String(answer.headers["x-maas-api-hash"]), /^[0-9a-f]{40}$/);
  assert.notEqual(answer.type, "");
  if (answer.status === 410 || example.status !== undefined) return assert.notEqual(answer.text, "");
  if (answer.status === 204) return assert.equal(answer.text, "");
  const literal = /^text:(.*)$/.exec(body ?? "")?.[1];
  if (literal !== undefined) {
    assert.match(answer.type, /^text\/plain/);
    return assert.equal(answer.text, literal);
  }
  if (body === "empty") return assert.equal(answer.text, "");
  if (/^text|^binary|yaml/.test(body ?? "")) return assert.ok(answer.bytes.length > 0 || example.empty === true);
  if (row.resource !== "Describe") assert.equal(answer.type, "application/json; charset=utf-8");
  const shape = shapeOf(row, shapes);
  assert.ok(shape, `no shape '${body}' nor '${row.name}' in region/maas2/shapes/`);
  const value = answer.json();
  const result = shape.safeParse(value);
  assert.ok(result.success, `${result.error?.message}\n${answer.text.slice(0, 3000)}`);
  if (Array.isArray(value) && example.empty !== true)
    assert.notEqual(
      value.length,
      0,
      "an empty list shows no fields: make something to be listed, or say `empty: true`",
    );
}

for (const [resource, group] of Map.groupBy(rows, (row) => row.resource))
  test(resource, async (t) => {
    for (const row of group) {
      const operation = implementation(row);
      if (operation === undefined && row.tier < 3) continue;
      await t.test(row.name, async () => {
        assert.ok(operation, "neither done nor gone");
        const make = exampleOf(row);
        const gone = row.tier === 3 || row.success.status === 410;
        assert.ok(make ?? gone, `no example in region/maas2/examples/`);
        const example = await (make?.(world) ?? {});
        if (make) await refusals(row, example, operation);
        const asked = askedOf(example);
        const picky = operation.strict || takesMore(operation.parameters);
        const query = picky ? asked.query : { ...asked.query, rackwright_unknown: "1" };
        const answer = await askRow(row, { ...asked, ...(query && { query }) });
        if (!make && answer.status !== row.success.status)
          return assert.equal(answer.status, 410, `neither done nor gone: ${answer.status} ${answer.text}`);
        checkReply(row, example, answer);
      });
    }
  });

test("nothing was a defect", () => {
  assert.deepEqual(world.api.defects, []);
});
