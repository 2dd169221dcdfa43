import assert from "node:assert/strict";
import test from "node:test";
import type { Command } from "commander";
import { buildProgram } from "../program.ts";
import { silentTerminal } from "../terminal.ts";
import { type Schema, apiDocument } from "./document.ts";
import { done } from "./meanings.ts";
import { type Where, fieldOption, fieldsOf, valueOf } from "./options.ts";
import { singular, wordsOf } from "./words.ts";

const api = apiDocument();
const where: Where = { noun: "vlan", path: "/api/v1/vlans", beside: [] };
const program = buildProgram({ terminal: silentTerminal, environment: {}, interrupted: new AbortController().signal });
const find = (words: readonly string[]): Command | undefined =>
  words.reduce<Command | undefined>((found, word) => found?.commands.find((one) => one.name() === word), program);

/** Routes that commands made by hand speak to under another name, and those of browsers. */
const elsewhere = new Set([
  "GET /api/v1/events",
  "GET /api/v1/failures",
  "GET /api/v1/failures/{code}",
  "GET /api/v1/machines/{id}/results",
  "GET /api/v1/status",
  "GET /api/v1/sessions/current",
  "DELETE /api/v1/sessions/current",
]);

test("every route of the API has a command, but for those of browsers and streams", () => {
  const lost = api.operations
    .filter(({ path, types }) => path.startsWith("/api/v1/") && !types.includes("text/event-stream"))
    .filter(({ path }) => !/^\/api\/v1\/(login|openapi|events\/stream)/.test(path))
    .filter((one) => find(wordsOf(one, api.operations).words) === undefined)
    .map(({ method, path }) => `${method} ${path}`)
    .filter((one) => !elsewhere.has(one));
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
  assert.equal(called("POST", "/api/v1/dns-resources/{id}/records"), "dns-resources records create <dns-resource>");
  assert.equal(called("POST", "/api/v1/notifications/{id}/dismiss"), "notifications dismiss <notification>");
});

test("every field of a route says what it is", () => {
  const silent = api.operations.flatMap((one) => {
    const { words } = wordsOf(one, api.operations);
    // Commands made by hand say themselves what their options mean.
    if (words.some((_, index) => done.has(words.slice(0, index + 1).join(" ")))) return [];
    if (one.body === null || !find(words)?.options.some(({ long }) => long === "--body")) return [];
    return fieldsOf(one.body, api).flatMap(({ name, schema }) => {
      const { option } = fieldOption(name, { ...schema, default: undefined }, true, { ...where, path: one.path }, api);
      const unsaid = `its ${name.replace(/_id$/, "").replaceAll("_", " ")}`;
      return option.description.startsWith(`${unsaid} (`) ? [`${words.join(" ")} ${option.long ?? ""}`] : [];
    });
  });
  assert.deepEqual(silent, []);
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
    fieldOption("mtu", schema, false, where, api).option.parseArg?.(typed, undefined);
  assert.equal(read({ type: "integer" }, "9000"), 9000);
  assert.equal(valueOf(read({ anyOf: [{ type: "string" }, { type: "null" }] }, "null")), null);
  assert.deepEqual(read({ type: "array", items: { type: "string" } }, "a, b"), ["a", "b"]);
  assert.equal(read({ type: "boolean" }, "false"), false);
  assert.deepEqual(read({ type: "object" }, '{"a":1}'), { a: 1 });
  const map = { type: "object", additionalProperties: { type: "string" } };
  assert.deepEqual(read(map, "a=1,b=x=y"), { a: "1", b: "x=y" });
  const address = {
    anyOf: [
      { type: "string", format: "ipv4" },
      { type: "string", format: "ipv6" },
    ],
  };
  assert.equal(read(address, "10.0.0.1"), "10.0.0.1");
  const oneOrMany = { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] };
  assert.deepEqual(read(oneOrMany, "a,b"), ["a", "b"]);
  assert.deepEqual(read(oneOrMany, ""), []);
  assert.equal(
    fieldOption("root_size", { anyOf: [{ type: "integer" }, { type: "string" }] }, false, where, api).option.parseArg?.(
      "2G",
      undefined,
    ),
    2 * 1024 ** 3,
  );
  const wrong: [Schema, string][] = [
    [{ type: "integer" }, "1.5"],
    [{ type: "boolean" }, "yes"],
    [{ type: "object" }, "{"],
    [{ type: "string", enum: ["a", "b"] }, "c"],
    [{ type: "array", items: { type: "string", enum: ["a", "b"] } }, "a,c"],
  ];
  for (const [schema, typed] of wrong) assert.throws(() => read(schema, typed), / must be/);
});

test("a field that is called as an option of every command is called after its noun", () => {
  const { option, name } = fieldOption("url", { type: "string" }, true, { ...where, noun: "webhook" }, api);
  assert.deepEqual([option.long, name], ["--webhook-url", "url"]);
});

test("a body of several forms has the fields of all, and what its kind may be", () => {
  const create = api.operations.find((one) => one.path === "/api/v1/machines/{id}/interfaces" && one.method === "POST");
  const fields = fieldsOf(create?.body ?? {}, api);
  const type = fields.find(({ name }) => name === "type");
  assert.deepEqual([type?.required, type?.schema.enum], [true, ["physical", "bond", "bridge", "vlan"]]);
  for (const name of ["mac", "bond_mode", "parents", "bridge_stp"])
    assert.ok(
      fields.some((one) => one.name === name),
      name,
    );
  assert.deepEqual(
    fields.filter(({ required }) => required).map(({ name }) => name),
    ["type"],
  );
  assert.deepEqual(fields.find(({ name }) => name === "parents")?.neededFor, ["bond", "bridge", "vlan"]);
});

test("what is made of lists has an option for each of them, and what is left out is told", () => {
  const create = api.operations.find(
    (one) => one.path === "/api/v1/machines/{id}/storage/groups" && one.method === "POST",
  );
  const fields = fieldsOf(create?.body ?? {}, api).map(({ name, schema, required, ...more }) =>
    fieldOption(name, schema, required, { noun: "machine", path: create?.path ?? "", beside: [] }, api, more),
  );
  const told = new Map(fields.map(({ option }) => [option.long, option.description]));
  assert.match(told.get("--spares-devices") ?? "", /whole devices \(names or ids\)$/);
  assert.match(told.get("--cache-set") ?? "", /\(name or id\) \(needed for bcache\)$/);
  assert.match(told.get("--cache-mode") ?? "", /\(default: writethrough\)$/);
  assert.ok(!told.has("--spares"));
});

test("a field that can only be null takes nothing else", () => {
  const { option } = fieldOption("external_dhcp", { type: "null" }, false, where, api);
  assert.equal(valueOf(option.parseArg?.("null", undefined)), null);
  assert.throws(() => option.parseArg?.("1.2.3.4", undefined), /must be one of: null/);
});
