import assert from "node:assert/strict";
import { describe as group, test } from "node:test";
import { z } from "zod";
import { type Handler, actionDoc, describe, describeDocument } from "./describe.ts";
import { describing } from "./describing.ts";
import { openApi, toYaml } from "./openapi.ts";
import { type Resource, operation } from "./operation.ts";
import { choice, flag, integer, list, text } from "./parameters.ts";
import { resources } from "./resources.ts";
import { readTable } from "./testing/table.ts";

const base = "/MAAS/api/2.0/";
const served = [...resources, ...describing(resources, "0").resources];
const { listed } = describe(served, base);
const handlers = new Map(listed.map(({ name, auth, anon }) => [name, auth ?? anon]));

group("the description of this region", () => {
  // AnonNodesHandler is what NodesHandler is to strangers.
  const rows = readTable().filter(
    ({ handler, path, hidden_from_describe: hidden, alias }) =>
      handler !== null && !handler.startsWith("Anon") && !path.startsWith("../") && hidden !== true && alias !== true,
  );
  for (const [name, ofHandler] of Map.groupBy(rows, ({ handler }) => handler ?? ""))
    test(`has ${name} with its path and actions`, () => {
      const described = handlers.get(name);
      assert.ok(described, "it is not there");
      const [first] = ofHandler;
      // VLANs are described by fabric and tag number, which is one of their two paths.
      const paths = new Set(ofHandler.map(({ path }) => base + path));
      assert.ok(paths.has(described.path), `${described.path} is none of ${[...paths].join(", ")}`);
      assert.deepEqual(described.params, described.path.match(/\{\w+\}/g)?.map((part) => part.slice(1, -1)) ?? []);
      const actions = (all: { method: string; op: string | null }[]) =>
        [...new Set(all.map(({ method, op }) => `${method} ${op ?? ""}`))].sort();
      assert.deepEqual(actions(described.actions), actions(ofHandler), first?.path);
    });

  test("has nothing that is gone or internal", () => {
    const hidden = new Set(readTable().flatMap((row) => (row.hidden_from_describe === true ? [row.handler] : [])));
    assert.deepEqual(
      listed.filter(({ name }) => hidden.has(name)).map(({ name }) => name),
      [],
    );
  });

  test("tells command lines that an operation takes parameters", () => {
    const silent = (handler: Handler | null) =>
      (handler?.actions ?? []).filter(({ doc }) => {
        const [title = "", ...rest] = doc.split("\n\n");
        return title === "" || title.includes("%") || (rest.length > 0 && !rest.join("\n").includes(":param"));
      });
    assert.deepEqual(
      listed.flatMap(({ auth, anon }) => [...silent(auth), ...silent(anon)]),
      [],
    );
  });

  test("is the same for the same resources, wherever it is read from", () => {
    const again = describe(served, base);
    assert.equal(again.hash, describe([...served].toReversed(), base).hash);
    const document = (origin: string) => JSON.stringify(describeDocument(again, origin));
    assert.equal(document("http://a").replaceAll("http://a", "http://b"), document("http://b"));
    assert.notEqual(again.hash, describe(served.slice(1), base).hash);
  });
});

const run = async () => ({ json: null });
const one: Resource = {
  handler: "ThingsHandler",
  anonymous: "AnonThingsHandler",
  path: "things/{id*}/",
  doc: "Things.",
  operations: {
    GET: operation({ access: "none", title: "Reads 100% of it.", parameters: z.object({}), run }),
    "GET secret": operation({ access: "none", strangersOnly: true, title: "Is said.", parameters: z.object({}), run }),
    POST: operation({
      access: "user",
      title: "Makes one.",
      parameters: z.object({
        name: text("Its name."),
        size: integer("How large it is.").default(1),
        kind: choice("Of what kind.", ["a", "b"]).optional(),
        fast: flag("Whether it is fast.").optional(),
        tags: list("A tag."),
      }),
      run,
    }),
    "POST annotate": operation({
      access: "admin",
      title: "Writes on it.",
      parameters: z.object({}).catchall(z.string()),
      run,
    }),
  },
};

test("strangers see what answers them under its own name, the others the rest", () => {
  const [thing] = describe([one], base).listed;
  assert.deepEqual(
    [thing?.anon?.name, thing?.anon?.actions.map(({ name }) => name)],
    ["AnonThingsHandler", ["read", "secret"]],
  );
  assert.deepEqual(
    thing?.auth?.actions.map(({ name, restful }) => [name, restful]),
    [
      ["annotate", false],
      ["create", true],
      ["read", true],
    ],
  );
  assert.deepEqual([thing?.auth?.path, thing?.auth?.params], ["/MAAS/api/2.0/things/{id}/", ["id"]]);
});

test("an operation is told with its parameters", () => {
  const docOf = (key: string) => actionDoc(one.operations[key] ?? assert.fail());
  assert.equal(docOf("GET"), "Reads 100 per cent of it.");
  assert.equal(
    docOf("POST"),
    [
      "Makes one.",
      "",
      ":param name: Required. Its name.",
      ":type name: String",
      ":param size: Optional. How large it is.",
      ":type size: Int",
      ":param kind: Optional. Of what kind.",
      ":type kind: String",
      ":param fast: Optional. Whether it is fast.",
      ":type fast: Boolean",
      ":param tags: Optional. A tag. May be given several times.",
      ":type tags: String",
    ].join("\n"),
  );
  assert.match(docOf("POST annotate"), /:param \[key\]/);
});

test("the OpenAPI document names every path, method and op", () => {
  type Document = { paths: Record<string, Record<string, { operationId: string; parameters: { name: string }[] }>> };
  const { paths } = openApi(served, { version: "1.2.3", base }) as Document;
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(Object.keys(paths).length > 20);
  const yaml = toYaml(openApi([one], { version: "1.2.3", base }));
  assert.match(yaml, /\n {2}"\/things\/\{id\}\/":\n/);
  assert.match(yaml, /"enum":\n +- "annotate"\n/);
  assert.match(yaml, /"required":\n +- "name"\n/);
});
