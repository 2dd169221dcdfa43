import assert from "node:assert/strict";
import test from "node:test";
import type { Command } from "commander";
import { buildProgram } from "../program.ts";
import { silentTerminal } from "../terminal.ts";
import { apiDocument } from "./document.ts";
import { fieldOption } from "./options.ts";
import { singular, wordsOf } from "./words.ts";

const api = apiDocument();
const program = buildProgram({ terminal: silentTerminal, environment: {}, interrupted: new AbortController().signal });
const find = (words: readonly string[]): Command | undefined =>
  words.reduce<Command | undefined>((found, word) => found?.commands.find((one) => one.name() === word), program);

test("every route of the API has a command, but for those of browsers and streams", () => {
  const without = api.operations
    .filter(({ path, types }) => path.startsWith("/api/v1/") && !types.includes("text/event-stream"))
    .filter((one) => find(wordsOf(one, api.operations).words) === undefined)
    .map(({ path }) => path);
  const allowed = /^\/api\/v1\/(sessions\/current|login|openapi)/;
  // What has a command made by hand that takes its place has one by its first word at least.
  const lost = without.filter((path) => !allowed.test(path) && find([path.split("/")[3] ?? ""]) === undefined);
  assert.deepEqual(lost, []);
});

test("routes are called by their nouns and verbs", () => {
  const called = (method: string, path: string): string => {
    const found = api.operations.find((one) => one.method === method && one.path === path);
    assert.ok(found, path);
    const { words, placeholders } = wordsOf(found, api.operations);
    return [...words, ...placeholders.map(({ argument }) => `<${argument}>`)].join(" ");
  };
  assert.equal(called("GET", "/api/v1/fabrics"), "fabrics list");
  assert.equal(called("POST", "/api/v1/fabrics"), "fabrics create");
  assert.equal(called("PATCH", "/api/v1/ip-ranges/{id}"), "ip-ranges update <ip-range>");
  assert.equal(called("GET", "/api/v1/machines/{id}/timeline"), "machines timeline <machine>");
  assert.equal(called("POST", "/api/v1/machines/{id}/exit_rescue_mode"), "machines exit-rescue-mode <machine>");
  assert.equal(called("DELETE", "/api/v1/users/{username}/tokens/{id}"), "users tokens delete <user> <token>");
});

test("one of many is named in the singular", () => {
  const pairs = {
    fabrics: "fabric",
    "ip-addresses": "ip-address",
    discoveries: "discovery",
    boxes: "box",
    self: "self",
  };
  for (const [plural, one] of Object.entries(pairs)) assert.equal(singular(plural), one);
});

test("options read what their fields hold, and refuse the rest", () => {
  const read = (schema: Parameters<typeof fieldOption>[1], typed: string): unknown =>
    fieldOption("mtu", schema, false, "vlan", api).option.parseArg?.(typed, undefined);
  assert.equal(read({ type: "integer" }, "9000"), 9000);
  assert.equal(read({ anyOf: [{ type: "string" }, { type: "null" }] }, "null"), null);
  assert.deepEqual(read({ type: "array", items: { type: "string" } }, "a, b"), ["a", "b"]);
  assert.equal(read({ type: "boolean" }, "false"), false);
  assert.deepEqual(read({ type: "object" }, '{"a":1}'), { a: 1 });
  for (const [schema, typed] of [
    [{ type: "integer" }, "1.5"],
    [{ type: "boolean" }, "yes"],
    [{ type: "object" }, "{"],
  ] as const)
    assert.throws(() => read(schema, typed), /It must be/);
});

test("a field that is called as an option of every command is called after its noun", () => {
  const { option, name } = fieldOption("url", { type: "string" }, true, "webhook", api);
  assert.deepEqual([option.long, name], ["--webhook-url", "url"]);
});
