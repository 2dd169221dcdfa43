import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Comparison,
  type Filter,
  type FieldRule,
  choicesOf,
  parseSpan,
  printFilterOf,
} from "@rackwright/contract";
import fc from "fast-check";
import { answerSchema, itemSchema } from "../http/asked.ts";
import { type TestApi, testApi } from "../http/testing.ts";
import type { List } from "./list.ts";
import { lists } from "./lists.ts";
import { seedLists } from "./testing/lists.ts";

type Item = Record<string, unknown>;
type Part = { mac?: unknown; role?: unknown; data?: unknown; code?: unknown; links?: { address?: unknown }[] };

const seed = fc.sample(fc.nat(), 1)[0] ?? 1;
let api: TestApi;
let paths: ReadonlyMap<List, string>;
before(async () => {
  api = await testApi({ local: true });
  const { machine, script, source, hook } = await seedLists(api.database.db, seed);
  const idOf = (path: string): string =>
    path.startsWith("webhooks") ? hook : path.startsWith("boot") ? source : machine;
  paths = new Map(
    lists.map((list) => [list, `/api/v1/${list.path.replace("{id}", idOf(list.path)).replace("{name}", script)}`]),
  );
});
after(() => api.close());

async function page(list: List, query: Record<string, string>): Promise<{ items: Item[]; next: string | null }> {
  const answer = await api.app.inject(`${paths.get(list)}?${new URLSearchParams(query).toString()}`);
  assert.equal(answer.statusCode, 200, `${list.path} ${JSON.stringify(query)} (seed ${seed}): ${answer.body}`);
  return answer.json();
}

/** All pages of a list. */
async function whole(list: List, query: Record<string, string> = {}): Promise<Item[]> {
  const seen: Item[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const { items, next } = await page(list, { limit: "50", ...query, ...(cursor !== "" && { cursor }) });
    seen.push(...items);
    cursor = next;
  }
  return seen;
}

const parts = (value: unknown): Part[] => (Array.isArray(value) ? (value as Part[]) : []);
/** Values of fields that are not the properties of the same name. */
const elsewhere: Record<string, (item: Item) => unknown> = {
  "devices.mac": (item) => parts(item["interfaces"]).map((card) => card.mac),
  "devices.address": (item) =>
    parts(item["interfaces"]).flatMap((card) => (card.links ?? []).map((link) => link.address)),
  "users.grants": (item) => parts(item["grants"]).map(({ role }) => role),
  "groups.grants": (item) => parts(item["grants"]).map(({ role }) => role),
  "dns-resources.records": (item) => parts(item["records"]).map(({ data }) => data),
  "events.failure": (item) => (item["failure"] as Part | null)?.code ?? null,
};

/** What an item has in a field: none, one or several values. */
function valuesOf(list: List, field: string, item: Item): (string | number | boolean)[] {
  const own = elsewhere[`${list.path}.${field}`];
  const value = own === undefined ? item[field] : own(item);
  assert.notEqual(value, undefined, `${list.path} has no ${field}`);
  return [value].flat().filter((one): one is string => one !== null && one !== undefined);
}

const compares = (has: number, comparison: Comparison, value: number): boolean =>
  ({ ":": has === value, ">=": has >= value, "<=": has <= value, ">": has > value, "<": has < value })[comparison];

function fits(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() ?? "";
  let at = text.startsWith(first) ? first.length : -1;
  for (const part of rest) at = at === -1 || !text.includes(part, at) ? -1 : text.indexOf(part, at) + part.length;
  return at !== -1 && text.length - last.length >= at && text.endsWith(last);
}

function fitsTime(has: string, comparison: Comparison, value: string): boolean {
  const span = parseSpan(value);
  assert.ok(span);
  const [at, from, to] = [Date.parse(has), span.from.getTime(), span.to.getTime()];
  return { ":": at >= from && at < to, ">=": at >= from, "<=": at < to, ">": at >= to, "<": at < from }[comparison];
}

const isText = (list: List, field: string): boolean => list.sources.fields[field]?.kind === "text";

/** What the language says, without any SQL: the oracle. */
function holds(list: List, filter: Filter<string>, item: Item): boolean {
  switch (filter.kind) {
    case "and":
      return filter.of.every((one) => holds(list, one, item));
    case "or":
      return filter.of.some((one) => holds(list, one, item));
    case "not":
      return !holds(list, filter.of, item);
    case "text":
      return Object.keys(list.fields)
        .filter((field) => isText(list, field))
        .some((field) =>
          valuesOf(list, field, item).some((one) => String(one).toLowerCase().includes(filter.text.toLowerCase())),
        );
    case "field": {
      const { field, comparison } = filter;
      const source = list.sources.fields[field];
      const cased = (text: string) => (source?.kind === "text" && source.lower ? text.toLowerCase() : text);
      return valuesOf(list, field, item).some((has) =>
        filter.values.some((value) => {
          if (value === "*") return true;
          if (source?.kind === "number") return compares(Number(has), comparison, Number(value));
          if (source?.kind === "time") return fitsTime(String(has), comparison, String(value));
          if (source?.kind === "text") return fits(cased(String(has)), cased(String(value)));
          return String(has) === value;
        }),
      );
    }
  }
}

const anyComparison = fc.constantFrom<Comparison>(":", ">=", "<=", ">", "<");

function textOf(known: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...known, "beta"), fc.nat({ max: 6 }), fc.nat({ max: 4 }))
    .map(([word, at, way]) =>
      way === 4
        ? word.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
        : [word, `${word.slice(0, at)}*`, `*${word.slice(at)}`, `${word.slice(0, 1)}*${word.slice(at)}`][way]!,
    )
    .filter((text) => text !== "");
}

function conditionOn(list: List, field: string, items: readonly Item[]): fc.Arbitrary<Filter<string>> {
  const rule: FieldRule = list.fields[field]!;
  const known = items.flatMap((item) => valuesOf(list, field, item));
  const of = (comparison: Comparison, values: (string | number)[]): Filter<string> => ({
    kind: "field",
    field,
    comparison,
    values,
  });
  const choices = choicesOf(rule);
  if (choices !== null) return fc.subarray([...choices], { minLength: 1 }).map((values) => of(":", values));
  const any = { weight: 1, arbitrary: fc.constant(of(":", ["*"])) };
  const numbers = fc
    .tuple(anyComparison, fc.constantFrom(...known.map(Number), 1), fc.constantFrom(-1, 0, 0, 1))
    .map(([comparison, value, step]) => of(comparison, [Math.max(0, Math.floor(value) + step)]));
  if (rule.kind === "number") return fc.oneof({ weight: 5, arbitrary: numbers }, any);
  const times = fc
    .tuple(
      anyComparison,
      fc.constantFrom(...known.map(String), "2026-02-15T12:00:00.000Z"),
      fc.constantFrom(4, 7, 10, 16, 19, 24),
    )
    .map(([comparison, value, length]) => of(comparison, [value.slice(0, length)]));
  if (rule.kind === "time") return fc.oneof({ weight: 5, arbitrary: times }, any);
  return fc
    .array(fc.oneof(textOf(known.map(String)), fc.constantFrom("*", "%", "_", "\\", "**")), {
      minLength: 1,
      maxLength: 3,
    })
    .map((values) => of(":", values));
}

function filtersOf(list: List, items: readonly Item[]): fc.Arbitrary<Filter<string>> {
  const condition = fc.constantFrom(...Object.keys(list.fields)).chain((field) => conditionOn(list, field, items));
  const word = fc
    .constantFrom("alpha", "eta", "%", "_", "\\", "10.", "e")
    .map((text): Filter<string> => ({ kind: "text", text }));
  return fc.letrec<{ filter: Filter<string> }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 2, depthSize: "small" },
      { weight: 4, arbitrary: condition },
      word,
      tie("filter").map((of): Filter<string> => ({ kind: "not", of })),
      fc
        .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("filter"), { minLength: 2, maxLength: 3 }))
        .map(([kind, of]): Filter<string> => ({ kind, of })),
    ),
  })).filter;
}

const asSet = (items: readonly Item[]): string[] => items.map((item) => JSON.stringify(item)).sort();

test("every list finds what the language says", async (t) => {
  let some = 0;
  for (const list of lists)
    await t.test(list.path, async () => {
      const items = await whole(list);
      assert.ok(items.length > 3, `only ${items.length} rows of ${list.path}`);
      await fc.assert(
        fc.asyncProperty(filtersOf(list, items), async (filter) => {
          const expected = items.filter((item) => holds(list, filter, item));
          if (expected.length > 0 && expected.length < items.length) some++;
          const text = printFilterOf(list.fields, filter);
          assert.deepEqual(asSet(await whole(list, { filter: text })), asSet(expected), `${text} (seed ${seed})`);
        }),
        { numRuns: 15 },
      );
    });
  assert.ok(some > 2 * lists.length, `only ${some} filters told any rows apart (seed ${seed})`);
});

/** What an item is sorted by: its place among numbers, or among texts. */
function keyOf(list: List, field: string, item: Item): number | string {
  const [value] = valuesOf(list, field, item);
  const rule: FieldRule = list.fields[field]!;
  if (list.keys[field]?.type === "inet") return value === undefined ? "" : placeOf(String(value));
  if (rule.kind === "time") return value === undefined ? -Infinity : Date.parse(String(value));
  if (rule.kind === "number" || rule.kind === "boolean") return value === undefined ? -1 : Number(value);
  return String(value ?? "");
}

/** An address or network as a text that is in its order: by family, then by number. */
function placeOf(address: string): string {
  const [host = ""] = address.split("/");
  if (host.includes("."))
    return `4 ${host
      .split(".")
      .map((part) => part.padStart(3, "0"))
      .join(".")}`;
  const [head = "", tail = ""] = host.split("::");
  const [before = [], behind = []] = [head, tail].map((side) => side.split(":").filter((part) => part !== ""));
  const groups = [...before, ...Array.from({ length: 8 - before.length - behind.length }, () => "0"), ...behind];
  return `6 ${groups.map((part) => part.padStart(4, "0")).join(":")}`;
}

test("sorted by anything, the pages of a list are the whole list, each item once", async (t) => {
  for (const list of lists) {
    const names = Object.keys(list.keys);
    if (list.path === "events") continue;
    await t.test(list.path, async () => {
      const items = await whole(list);
      const orders = [
        ...names.map((name, index) => [{ name, descending: index % 2 === 1 }]),
        ...fc.sample(
          fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), descending: fc.boolean() }), {
            minLength: Math.min(2, names.length),
            maxLength: 3,
            selector: ({ name }) => name,
          }),
          4,
        ),
      ];
      for (const order of orders) {
        const sort = order.map(({ name, descending }) => `${descending ? "-" : ""}${name}`).join(",");
        const seen = await whole(list, { sort, limit: "5" });
        assert.deepEqual(asSet(seen), asSet(items), `${sort} (seed ${seed})`);
        for (const [index, item] of seen.entries()) {
          const before = seen[index - 1];
          if (before === undefined) continue;
          const wrong = order.reduce((told, { name, descending }) => {
            if (told !== 0) return told;
            const [one, other] = [keyOf(list, name, before), keyOf(list, name, item)];
            return one === other ? 0 : one < other === !descending ? -1 : 1;
          }, 0);
          assert.ok(wrong <= 0, `${sort}: ${JSON.stringify(before)} before ${JSON.stringify(item)} (seed ${seed})`);
        }
      }
      assert.deepEqual(asSet(await whole(list, { limit: "5" })), asSet(items));
    });
  }
});

test("every list of the API is declared, and refuses what it does not know with its place", async () => {
  const own = ["machines", "machines/{id}/inventory-changes", "machines/{id}/events"];
  const known = lists.map(({ path }) => path);
  const told = api.app.described
    .filter(
      ({ method, url, schema }) =>
        method === "GET" && url.startsWith("/api/v1/") && itemSchema(answerSchema(schema)) !== null,
    )
    .map(({ url }) =>
      url
        .slice("/api/v1/".length)
        .replaceAll(/:(\w+)/g, "{$1}")
        .replace(/^users\/\{username\}\//, ""),
    );
  assert.deepEqual(
    [...new Set(told)].filter((path) => !known.includes(path) && !own.includes(path)),
    [],
  );
  assert.deepEqual(
    known.filter((path) => !told.includes(path)),
    [],
  );
  for (const list of lists) {
    const refused = async (query: Record<string, string>): Promise<string> => {
      const answer = await api.app.inject(`${paths.get(list)}?${new URLSearchParams(query).toString()}`);
      assert.equal(answer.statusCode, 400, `${list.path} ${JSON.stringify(query)}`);
      const [failure] = answer.json<{ failures: { field: string; allowed: string }[] }>().failures;
      return `${failure?.field}: ${failure?.allowed}`;
    };
    assert.match(
      await refused({ filter: "colour:red" }),
      /^filter: at character 1: found 'colour'.* one of the fields /,
    );
    assert.match(await refused({ filter: "(" }), /^filter: at character 2: found the end/);
    if (list.path === "events") continue;
    assert.match(await refused({ sort: "colour" }), /^sort: must be up to 3 of /);
    const [first = ""] = Object.keys(list.keys);
    // The name of the last item seen, where that is a text, may be any.
    const plain = list.plain.columns.some(({ type }) => type !== "text") ? [{ cursor: "x" }] : [];
    for (const query of [...plain, { sort: first, cursor: "x" }, { sort: first, cursor: "W10" }])
      assert.match(await refused(query), /^cursor: /, list.path);
  }
});
