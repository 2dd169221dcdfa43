import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { parseSpan, readFilter } from "@rackwright/contract";
import { lists } from "./lists.ts";
import { fieldsPage } from "./reference.ts";

test("the page of fields is as the lists declare them", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/reference/list-fields.md"), "utf8");
  assert.equal(page, fieldsPage(lists), "run: node region/filter/write-reference.ts");
});

test("filters in the documentation are such of their lists", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/reference/filters.md"), "utf8");
  const examples = [...page.matchAll(/^ {4}GET \/api\/v1\/([\w-]+)\?filter=(.*)$/gm)];
  assert.ok(examples.length >= 3);
  for (const [line, path, filter = ""] of examples) {
    const list = lists.find((one) => one.path === path);
    assert.ok(list, line);
    readFilter(filter, list.fields);
  }
});

test("what is secret or sealed cannot be asked for", () => {
  const names = lists.flatMap(({ path, fields, keys }) =>
    [...Object.keys(fields), ...Object.keys(keys)].map((name) => `${path}.${name}`),
  );
  assert.ok(names.length > 200);
  assert.deepEqual(
    names.filter((name) => /\.(?!has_).*(password|secret|token_key|license_key|hash|csrf)/.test(name)),
    [],
  );
});

test("a list of its own fields says which ones it has", () => {
  const subnets = lists.find(({ path }) => path === "subnets");
  assert.ok(subnets);
  assert.deepEqual(
    readFilter("dhcp:yes or dhcp:true", { ...subnets.fields, dhcp: { kind: "text", meaning: "" } }).kind,
    "or",
  );
  assert.throws(() => readFilter("dhcp:yes", subnets.fields), /found 'yes', where there must be one of true, false$/);
  assert.throws(() => readFilter("dhcp>true", subnets.fields), /':' after dhcp, which is no number and no time/);
  assert.throws(() => readFilter("or", subnets.fields), /a condition such as id>=1, a word to look for/);
});

test("a time means as long a stretch as it says exactly, and what is none is refused", () => {
  const span = (text: string) => {
    const read = parseSpan(text);
    return read && [read.from.toISOString(), read.to.toISOString()];
  };
  const day = (at: string) => `${at}T00:00:00.000Z`;
  assert.deepEqual(span("2026"), [day("2026-01-01"), day("2027-01-01")]);
  assert.deepEqual(span("2026-12"), [day("2026-12-01"), day("2027-01-01")]);
  assert.deepEqual(span("2024-02-28"), [day("2024-02-28"), day("2024-02-29")]);
  assert.deepEqual(span("2026-01-31T23:59"), ["2026-01-31T23:59:00.000Z", day("2026-02-01")]);
  assert.deepEqual(span("2026-01-31t12:00:05z"), ["2026-01-31T12:00:05.000Z", "2026-01-31T12:00:06.000Z"]);
  assert.deepEqual(span("2026-01-31T12:00:05.5Z"), ["2026-01-31T12:00:05.500Z", "2026-01-31T12:00:05.600Z"]);
  assert.deepEqual(span("2026-01-31T12:00-03:30"), ["2026-01-31T15:30:00.000Z", "2026-01-31T15:31:00.000Z"]);
  assert.deepEqual(span("2026-01-31T12:00+01:00"), ["2026-01-31T11:00:00.000Z", "2026-01-31T11:01:00.000Z"]);
  for (const none of [
    "",
    "26",
    "2026-13",
    "2026-02-30",
    "2026-1-1",
    "2026-01-01T24:00",
    "2026-01-01T1",
    "9999",
    "0999",
    "now",
  ])
    assert.equal(span(none), null, none);
});
