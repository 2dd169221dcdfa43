import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { type Resource, operation } from "./operation.ts";
import { placeholders, routerOf, shownPath } from "./paths.ts";

const run = operation({
  access: "none",
  title: "Nothing.",
  parameters: z.object({}),
  run: async () => ({ json: null }),
});
const resource = (path: string, keys: string[], aliases: string[] = []): Resource => ({
  handler: path,
  path,
  aliases,
  doc: "",
  operations: Object.fromEntries(keys.map((key) => [key, run])),
});
const route = routerOf([
  resource("machines/", ["GET", "POST", "POST allocate"]),
  resource("machines/{system_id}/", ["GET", "POST deploy"]),
  resource("scripts/", ["GET", "POST"]),
  resource("scripts/{name}", ["GET", "POST revert"]),
  resource("subnets/", ["GET"]),
  resource("subnets/{id*}/", ["GET", "GET statistics"]),
  resource("nodes/{system_id}/volume-group/{id}/", ["GET"], ["nodes/{system_id}/volume-groups/{id}/"]),
  resource("nodes/{system_id}/volume-groups/", ["GET"]),
  resource("account/prefs/sshkeys/", ["GET"]),
]);
const found = (path: string, method = "GET") => {
  const answer = route(path, method);
  return answer && [answer.resource.path, answer.path, answer.op];
};

describe("a path finds its resource", () => {
  test("with and without the slash at the end, and with too many of them", () => {
    for (const path of ["machines/abc123/", "machines/abc123", "machines//abc123//"])
      assert.deepEqual(found(path), ["machines/{system_id}/", { system_id: "abc123" }, null]);
    for (const path of ["scripts/my", "scripts/my/"])
      assert.deepEqual(found(path), ["scripts/{name}", { name: "my" }, null]);
    assert.deepEqual(found("account/prefs/sshkeys"), ["account/prefs/sshkeys/", {}, null]);
  });

  test("in each of its spellings", () => {
    const wanted = ["nodes/{system_id}/volume-group/{id}/", { system_id: "a", id: "7" }, null];
    assert.deepEqual(found("nodes/a/volume-group/7/"), wanted);
    assert.deepEqual(found("nodes/a/volume-groups/7"), wanted);
    assert.deepEqual(found("nodes/a/volume-groups/"), ["nodes/{system_id}/volume-groups/", { system_id: "a" }, null]);
  });

  test("where a value has slashes, plain or encoded", () => {
    const wanted = ["subnets/{id*}/", { id: "10.0.0.0/24" }, null];
    assert.deepEqual(found("subnets/10.0.0.0/24/"), wanted);
    assert.deepEqual(found("subnets/10.0.0.0%2F24/"), wanted);
    assert.deepEqual(found("subnets/"), ["subnets/", {}, null]);
  });

  test("with the op as its last part, if there is such an operation", () => {
    assert.deepEqual(found("machines/op-allocate", "POST"), ["machines/", {}, "allocate"]);
    assert.deepEqual(found("machines/x/op-deploy/", "POST"), ["machines/{system_id}/", { system_id: "x" }, "deploy"]);
    assert.deepEqual(found("machines/op-allocate"), ["machines/{system_id}/", { system_id: "op-allocate" }, null]);
    assert.deepEqual(found("scripts/op-revert", "POST"), ["scripts/{name}", { name: "op-revert" }, null]);
  });

  test("or none", () => {
    for (const path of ["", "/", "pools/", "machines/a/b/", "machines/%00", "machines/%zz", "machines/%E0%A4%A"])
      assert.equal(found(path), null, path);
  });

  test("whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        fc.pre(!name.includes("\0") && name.isWellFormed() && name !== "." && !name.startsWith("op-"));
        assert.deepEqual(found(`scripts/${encodeURIComponent(name)}`), ["scripts/{name}", { name }, null]);
      }),
    );
    fc.assert(fc.property(fc.string({ unit: "binary" }), (path) => void route(path, "POST")));
  });
});

test("a template is shown without the mark of placeholders with slashes", () => {
  assert.equal(shownPath("subnets/{id*}/"), "subnets/{id}/");
  assert.deepEqual(placeholders("nodes/{system_id}/interfaces/{id*}/"), ["system_id", "id"]);
});
