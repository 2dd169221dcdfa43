import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { resources } from "./resources.ts";
import { type Asked, type Example, type Examples, askedOf } from "./testing/example.ts";
import { type Row, implementationOf, readExamples, readTable } from "./testing/table.ts";
import { testWorld } from "./testing/world.ts";

const implementation = implementationOf(resources);
const rows = readTable().filter((row) => row.tier < 3 && row.alias !== true && implementation(row) !== undefined);

/** What strangers may put anywhere; each by itself was the end of some server. */
const hostile = [
  "",
  " ",
  "\0",
  "a\0b",
  "-1",
  "0",
  "0x1",
  "1e9",
  "99999999999999999999",
  "9223372036854775808",
  "2147483648",
  "1.5",
  "NaN",
  "null",
  "[]",
  "{}",
  "[[]]",
  '{"__proto__": {"a": 1}}',
  "__proto__",
  "constructor",
  "' or 1=1 --",
  "%00",
  "%",
  "../../etc/passwd",
  "a/b",
  "name:",
  ":",
  ",",
  "id:,",
  "!!!",
  "&|",
  "\u202e\u0000",
  "é".normalize("NFD"),
  "\r\nSet-Cookie: a=b",
  "<script>",
  "${7*7}",
  "A".repeat(5000),
  "(".repeat(2000),
  "10.0.0.0/33",
  "::/129",
  "0.0.0.0/0",
  "ff:ff:ff:ff:ff:ff",
  "true",
  "*",
];
let turn = 0;
const next = (): string => hostile[(turn += 1) % hostile.length] ?? "";

let world: Awaited<ReturnType<typeof testWorld>>;
let examples: Examples;
before(async () => {
  ({ examples } = await readExamples());
  world = await testWorld();
});
after(() => world.close());

async function ask(row: Row, { path = {}, ...asked }: Asked & Pick<Example, "path">, what: string): Promise<void> {
  const url = row.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(String(path[name] ?? "x")),
  );
  const { status, text, type } = await world.ask(row.method, url, { op: row.op, ...asked });
  // No rack is there to do things (503), and what an agent of MAAS sends is not implemented (501), as the table says.
  const fine = status < 500 || status === 503 || status === row.success.status;
  const last = world.api.defects.at(-1);
  assert.ok(fine, `${what}: ${status} ${text.slice(0, 300)} ${JSON.stringify(last)}`);
  assert.doesNotMatch(text, /\bat \S+ \(|\.ts:\d+|node_modules/, what);
  if (status >= 400) assert.match(type, /^(text\/plain|application\/json)/, what);
}

for (const [resource, group] of Map.groupBy(rows, (row) => row.resource))
  test(`${resource}: whatever is sent is answered, and not by a defect`, async (t) => {
    for (const row of group)
      await t.test(row.name, async () => {
        const names = row.params.map(({ name }) => name);
        const inPath = row.params.filter(({ in: where }) => where === "path").map(({ name }) => name);
        const values = row.method === "GET" ? "query" : "form";
        for (let round = 0; round < 3; round++) {
          const path = Object.fromEntries(inPath.map((name) => [name, next() || "x"]));
          const fields = Object.fromEntries(names.map((name) => [name, round === 2 ? [next(), next()] : next()]));
          await ask(row, { path, [values]: fields }, `everything: ${JSON.stringify([path, fields]).slice(0, 500)}`);
        }
        const make = examples[row.name];
        if (make === undefined) return;
        const example = askedOf(await make(world));
        const others = row.params.filter(({ in: where }) => where !== "path");
        for (const { name, in: where } of others) {
          const part = where === "query" ? "query" : "form";
          const value = next();
          const fields = { ...example[part], [name]: value };
          await ask(row, { ...example, [part]: fields }, `${name}=${JSON.stringify(value).slice(0, 200)}`);
        }
      });
  });

test("nothing was a defect", () => {
  assert.deepEqual(world.api.defects, []);
});
