import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { testMachine } from "../machines/testing.ts";
import { type TestApi, testApi } from "./testing.ts";

let api: TestApi;
let ids: string[];
before(async () => {
  api = await testApi({ local: true });
  ids = [];
  for (const status of ["new", "ready", "deploying", "deployed", "releasing"] as const)
    ids.push((await testMachine(api.database.db, { status, owner_id: 1 })).id);
});
after(() => api.close());

type Shape = { [name: string]: unknown; properties?: Record<string, Shape>; required?: string[]; items?: Shape };

const wild = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "",
    "\0",
    "\uD800",
    "%00",
    "' or 1=1 --",
    "9".repeat(40),
    "-1",
    "1e999",
    "NaN",
    "__proto__",
    "a".repeat(3000),
  ),
  fc.integer(),
);

/** Values that fit a JSON schema more or less, so that many of them come past the validation. */
function fitting(shape: Shape): fc.Arbitrary<unknown> {
  const options = (shape["anyOf"] ?? shape["oneOf"]) as Shape[] | undefined;
  if (options) return fc.oneof(...options.map(fitting));
  if (Array.isArray(shape["enum"])) return fc.constantFrom(...(shape["enum"] as unknown[]));
  if (shape["const"] !== undefined) return fc.constant(shape["const"]);
  if (typeof shape["pattern"] === "string") return fc.oneof(matching(shape["pattern"]), knownText());
  if (shape["type"] === "integer" || shape["type"] === "number")
    return fc.integer({
      min: Math.max(Number(shape["minimum"] ?? -5), -5),
      max: Math.min(Number(shape["maximum"] ?? 2 ** 31), 2 ** 53),
    });
  if (shape["type"] === "boolean") return fc.boolean();
  if (shape["type"] === "array") return fc.array(fitting(shape.items ?? {}), { minLength: 1, maxLength: 3 });
  if (shape["type"] === "object" && shape.properties)
    return fc.record(
      Object.fromEntries(Object.entries(shape.properties).map(([name, part]) => [name, fitting(part)])),
      { requiredKeys: shape.required ?? [] },
    );
  if (shape["type"] === "object")
    return fc.dictionary(fc.string({ unit: "binary", maxLength: 5 }), fc.string({ unit: "binary" }), { maxKeys: 3 });
  return fc.oneof(knownText(), fc.string({ unit: "binary", maxLength: 30 }));
}
/** Texts of a pattern; some patterns look ahead, which cannot be turned round. */
function matching(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern));
  } catch {
    return knownText();
  }
}
const knownText = () =>
  fc.constantFrom(
    "52:54:00:12:34:56",
    "52-54-00-AA-bb-cc",
    "10.0.0.0/24",
    "10.0.0.1",
    "10.0.0.9",
    "root",
    "debian-12",
    "quiet-heron",
  );

/** A value of the schema, with something wild in the place of it or of a part now and then. */
function input(schema: unknown): fc.Arbitrary<unknown> {
  if (!(schema instanceof z.ZodType)) return fc.constant(undefined);
  const shape = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape;
  const spoilt = fc
    .tuple(fitting(shape), fc.string({ maxLength: 8 }), wild)
    .map(([value, name, part]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? { ...value, [Object.keys(value)[name.length % Math.max(1, Object.keys(value).length)] ?? name]: part }
        : value,
    );
  return fc.oneof(
    { weight: 5, arbitrary: fitting(shape) },
    { weight: 4, arbitrary: spoilt },
    { weight: 1, arbitrary: wild },
  );
}

const asText = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
const asQuery = (value: unknown) =>
  new URLSearchParams(
    Object.entries(typeof value === "object" && value !== null ? value : {}).map(([name, part]): [string, string] => [
      name.toWellFormed(),
      asText(part).toWellFormed(),
    ]),
  ).toString();

test("no operation answers anything with a defect, whatever it is asked", async (t) => {
  const routes = api.app.described.filter(
    ({ url, schema }) => url.startsWith("/api/v1/") && schema?.response !== undefined,
  );
  assert.ok(routes.length > 30);
  for (const { url, method, schema = {} } of routes) {
    const verb = [method].flat()[0] as "GET" | "POST" | "PATCH" | "DELETE" | "HEAD";
    if (verb === "HEAD") continue;
    await t.test(`${verb} ${url}`, () =>
      fc.assert(
        fc.asyncProperty(
          input(schema.params),
          input(schema.querystring),
          input(schema.body),
          fc.nat(),
          async (params, query, body, choice) => {
            const path = url.replaceAll(/:(\w+)/g, (_whole, name: string) => {
              const known = name === "id" && url.includes("/machines/") ? ids[choice % 7] : undefined;
              const given = (params as Record<string, unknown> | undefined)?.[name];
              return (
                encodeURIComponent(
                  known ??
                    asText(given ?? "x")
                      .slice(0, 100)
                      .toWellFormed(),
                ) || "x"
              );
            });
            const answer = await api.app.inject({
              method: verb,
              url: `${path}?${asQuery(query)}`,
              ...(body === undefined
                ? {}
                : { payload: JSON.stringify(body), headers: { "content-type": "application/json" } }),
            });
            assert.ok(
              answer.statusCode < 500,
              `${answer.statusCode} ${answer.body} ${JSON.stringify(api.defects.at(-1))}`,
            );
            if (answer.statusCode >= 400) {
              assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
              const { detail, code, status } = answer.json<Record<string, unknown>>();
              assert.ok(detail && code && status === answer.statusCode);
            }
          },
        ),
        { numRuns: 20 },
      ),
    );
  }
  assert.deepEqual(api.defects, []);
});

test("bodies that are no JSON, too large or of another kind are refused with a problem", async () => {
  const send = async (payload: string, type = "application/json") => {
    const answer = await api.app.inject({
      method: "POST",
      url: "/api/v1/users",
      payload,
      headers: { "content-type": type },
    });
    return [answer.statusCode, answer.json<{ code: string }>().code];
  };
  assert.deepEqual(await send("{"), [400, "bad-request"]);
  assert.deepEqual(await send(`"${"x".repeat(1100_000)}"`), [413, "bad-request"]);
  assert.deepEqual(await send("<a/>", "application/xml"), [415, "bad-request"]);
  assert.deepEqual(await send('{"__proto__": {"a": 1}}'), [400, "bad-request"]);
});
