import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { problem } from "@rackwright/contract";
import fc from "fast-check";
import { z } from "zod";
import { testMachine } from "../machines/testing.ts";
import { createToken } from "../users/tokens.ts";
import { createUser } from "../users/users.ts";
import { describeApi } from "./openapi.ts";
import { type TestApi, testApi } from "./testing.ts";

type Shape = { [name: string]: unknown; properties?: Record<string, Shape>; required?: string[]; items?: Shape };
type Parameter = { name: string; in: string; schema: Shape };
type Operation = {
  parameters: (Parameter | { $ref: string })[];
  security?: object[];
  requestBody?: { content: Record<string, { schema: Shape }> };
  responses: Record<string, { content?: Record<string, { schema?: Shape }> }>;
};
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Shape> } };
type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Who = "admin" | "user" | "stranger";

let api: TestApi;
let described: Document;
const keys: Record<Who, string | null> = { admin: null, user: null, stranger: null };
let machines: string[];
before(async () => {
  api = await testApi({ local: false });
  const { db } = api.database;
  const by = { actor: "test", now: new Date() };
  for (const who of ["admin", "user"] as const) {
    await createUser(db, { username: who, password: "correct horse 1", administrator: who === "admin" }, by);
    const { id } = await db.selectFrom("users").select("id").where("username", "=", who).executeTakeFirstOrThrow();
    keys[who] = (await createToken(db, { id, username: who }, "test", by)).key;
  }
  machines = [];
  for (const status of ["new", "ready", "deployed"] as const) machines.push((await testMachine(db, { status })).id);
  described = describeApi(api.app.described, "0") as unknown as Document;
});
after(() => api.close());

/** What somebody hopes will be taken for more than text. */
const hostile = [
  "' or '1'='1",
  "1; drop table machines; --",
  "$1::text",
  "{{7*7}}${7*7}<%= 7*7 %>",
  "a\r\nset-cookie: stolen=1",
  "../../../etc/passwd",
  "<script>alert(1)</script>",
  "__proto__",
  "constructor",
  "%00",
  "\u202E\uFEFF😀",
  "A".repeat(5000),
];
/** Values of no type a field may have, or just beyond what one may. */
const spoilers: unknown[] = [null, true, -1, 1e308, 0.5, "", [], {}, [[]], { a: { b: 1 } }, "9".repeat(30), ...hostile];

/** Values of a JSON schema. */
function valid(shape: Shape, depth = 0): fc.Arbitrary<unknown> {
  if (typeof shape["$ref"] === "string")
    return valid(described.components.schemas[shape["$ref"].split("/").at(-1) ?? ""] ?? {}, depth + 1);
  const options = (shape["anyOf"] ?? shape["oneOf"]) as Shape[] | undefined;
  if (options) return fc.oneof(...options.map((one) => valid(one, depth + 1)));
  if (Array.isArray(shape["enum"])) return fc.constantFrom(...(shape["enum"] as unknown[]));
  if (shape["const"] !== undefined) return fc.constant(shape["const"]);
  switch (shape["type"]) {
    case "integer":
    case "number":
      return fc.integer({
        min: Math.max(Number(shape["minimum"] ?? 0), -1000),
        max: Math.min(Number(shape["maximum"] ?? 1000), 2 ** 31),
      });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valid(shape.items ?? {}, depth + 1), {
        minLength: Number(shape["minItems"] ?? 0),
        maxLength: Number(shape["minItems"] ?? 0) + 2,
      });
    case "object":
      return fc.record(
        Object.fromEntries(
          Object.entries(shape.properties ?? {}).map(([name, part]) => [name, valid(part, depth + 1)]),
        ),
        { requiredKeys: shape.required ?? [] },
      );
    default:
      return text(shape);
  }
}

function text(shape: Shape): fc.Arbitrary<string> {
  const known = fc.constantFrom(
    ...hostile,
    "default",
    "52:54:00:12:34:56",
    "10.0.0.0/24",
    "10.0.0.1",
    "admin",
    "status:ready",
    "name",
  );
  if (typeof shape["pattern"] !== "string") return known;
  try {
    return fc.oneof(
      { weight: 5, arbitrary: fc.stringMatching(new RegExp(shape["pattern"])) },
      { weight: 1, arbitrary: known },
    );
  } catch {
    return known;
  }
}

const asText = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

async function ask(verb: Verb, url: string, who: Who, body: unknown) {
  const key = keys[who];
  return api.app.inject({
    method: verb,
    url,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  });
}

const isNamed = (one: Parameter | { $ref: string }): one is Parameter => "name" in one;

/** Path and query of an operation with values, the path's being things that exist where we know some. */
function addressOf(path: string, operation: Operation): fc.Arbitrary<string> {
  const parameters = operation.parameters.filter(isNamed);
  const all = Object.fromEntries(parameters.map(({ name, schema }) => [name, valid(schema)]));
  const optional = parameters.filter((one) => one.in === "query").map(({ name }) => name);
  const requiredKeys = parameters.map(({ name }) => name).filter((name) => !optional.includes(name));
  return fc.tuple(fc.record(all, { requiredKeys }), fc.constantFrom(...machines)).map(([values, machine]) => {
    const given: Record<string, unknown> = values;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
      const value = name === "id" && path.includes("/machines/") ? machine : asText(given[name] ?? "x").slice(0, 150);
      return encodeURIComponent(value.toWellFormed()).replace(/^\.+$/, "x") || "x";
    });
    const query = new URLSearchParams(
      optional
        .filter((name) => given[name] !== undefined)
        .map((name): [string, string] => [name, asText(given[name]).toWellFormed()]),
    );
    return query.size === 0 ? filled : `${filled}?${query.toString()}`;
  });
}

/** A pattern with classes of Unicode needs a flag that zod does not set for it. */
const withoutUnicode = (key: string, value: unknown): unknown =>
  key === "pattern" && typeof value === "string" && value.includes(String.raw`\p{`) ? undefined : value;

/** Answers of an operation as schemas that can check one. */
function answersOf(operation: Operation): Map<string, z.ZodType> {
  const found = new Map<string, z.ZodType>();
  for (const [status, { content }] of Object.entries(operation.responses)) {
    const schema = content?.["application/json"]?.schema;
    if (schema === undefined) continue;
    // Parts that are told once are referred to by the whole document.
    const whole = JSON.parse(
      JSON.stringify({ ...schema, $defs: described.components.schemas }, withoutUnicode).replaceAll(
        "#/components/schemas/",
        "#/$defs/",
      ),
    ) as Parameters<typeof z.fromJSONSchema>[0];
    found.set(status, z.fromJSONSchema(whole));
  }
  return found;
}

function check(answer: Awaited<ReturnType<typeof ask>>, asked: string, answers: Map<string, z.ZodType>): void {
  const { statusCode, body, headers } = answer;
  assert.ok(statusCode < 500, `${asked}: ${statusCode} ${body} ${JSON.stringify(api.defects.at(-1))}`);
  assert.doesNotMatch(body, /\bat .+\.ts:\d+|node_modules|SQLSTATE|syntax error at or near/, asked);
  assert.ok(!JSON.stringify(headers).includes('stolen=1"'), asked);
  if (statusCode >= 400) {
    assert.match(String(headers["content-type"]), /^application\/problem\+json/, asked);
    assert.equal(problem.parse(answer.json()).status, statusCode);
    return;
  }
  const schema = answers.get(String(statusCode));
  if (schema === undefined || !String(headers["content-type"]).startsWith("application/json")) return;
  const read = schema.safeParse(answer.json());
  assert.ok(read.success, `${asked}: ${read.error?.message} ${body.slice(0, 500)}`);
}

/** Reads files, sends them, or goes on for ever. */
const aside = (path: string): boolean => /\/stream$|\/sessions|\/login/.test(path);

test("whoever asks anything of any operation gets an answer that fits its description, or a problem", async (t) => {
  for (const [path, item] of Object.entries(described.paths))
    for (const [method, operation] of Object.entries(item)) {
      if (aside(path)) continue;
      const verb = method.toUpperCase() as Verb;
      const answers = answersOf(operation);
      const shape = operation.requestBody?.content["application/json"]?.schema;
      const good = shape === undefined ? fc.constant(undefined) : valid(shape);
      const bodies =
        shape === undefined
          ? good
          : fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(...spoilers) });
      const who = fc.constantFrom<Who[]>("admin", "admin", "user", "stranger");
      await t.test(`${verb} ${path}`, () =>
        fc.assert(
          fc.asyncProperty(addressOf(path, operation), bodies, who, async (url, body, asker) => {
            const answer = await ask(verb, url, asker, body);
            check(answer, `${asker}: ${verb} ${url} ${JSON.stringify(body)}`, answers);
            if (asker === "stranger" && operation.security === undefined) assert.equal(answer.statusCode, 401, url);
          }),
          { numRuns: 5 },
        ),
      );
    }
  assert.deepEqual(api.defects, []);
});

test("a field or a parameter of another type is refused by its name", async (t) => {
  for (const [path, item] of Object.entries(described.paths))
    for (const [method, operation] of Object.entries(item)) {
      if (aside(path)) continue;
      const verb = method.toUpperCase() as Verb;
      const shape = operation.requestBody?.content["application/json"]?.schema;
      const fields = Object.entries(shape?.properties ?? {}).filter(([, part]) =>
        ["string", "integer", "boolean", "array"].includes(String(part["type"])),
      );
      const numbers = operation.parameters
        .filter(isNamed)
        .filter((one) => one.in === "query" && (one.schema["type"] === "integer" || Array.isArray(one.schema["enum"])));
      if (fields.length + numbers.length === 0) continue;
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
      await t.test(`${verb} ${path}`, async () => {
        const [url = ""] = fc.sample(
          addressOf(path, {
            ...operation,
            parameters: operation.parameters.filter((one) => isNamed(one) && one.in === "path"),
          }),
          1,
        );
        for (const [name] of fields) {
          const told = await refused(verb, url, { [name]: { no: "such" } }, placeholders);
          if (told !== null)
            assert.ok(
              told.some((field) => field === name || field.startsWith(`${name}.`)),
              `${name}: ${told.join()}`,
            );
        }
        for (const { name } of numbers) {
          const told = await refused(
            verb,
            `${url}?${name}=x1y`,
            verb === "GET" || verb === "DELETE" ? undefined : {},
            placeholders,
          );
          if (told !== null) assert.ok(told.includes(name), `${name}: ${told.join()}`);
        }
      });
    }
});

/** Names of the fields a refusal is about; null where the path was refused before them. */
async function refused(
  verb: Verb,
  url: string,
  body: unknown,
  placeholders: readonly string[],
): Promise<string[] | null> {
  const answer = await ask(verb, url, "admin", body);
  if ([404, 414].includes(answer.statusCode)) return null;
  assert.equal(answer.statusCode, 400, `${verb} ${url} ${JSON.stringify(body)}: ${answer.body.slice(0, 300)}`);
  const { failures = [] } = problem.parse(answer.json());
  const fields = failures.map(({ field }) => field);
  return fields.every((field) => placeholders.includes(field)) ? null : fields;
}

test("a body over the limit is refused by its announced length, before any of it comes", async () => {
  const address = await api.app.listen({ port: 0, host: "127.0.0.1" });
  const socket = connect(Number(new URL(address).port), "127.0.0.1");
  const head = [
    "POST /api/v1/zones HTTP/1.1",
    "host: here",
    `authorization: Bearer ${keys.admin}`,
    "content-type: application/json",
    `content-length: ${2 ** 31}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  const answered = await new Promise<string>((resolve) =>
    socket.once("data", (data: Buffer) => resolve(data.toString())),
  );
  socket.destroy();
  assert.match(answered, /^HTTP\/1\.1 413 /);
});
