import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { describeText, descriptionFile } from "./describe.ts";

test("the kept description of the API is the one the code makes (node region/http/describe.ts renews it)", async () => {
  assert.equal(await readFile(descriptionFile, "utf8"), await describeText());
});

test("every operation has a name of its own, a summary, and its path's parameters", async () => {
  const { paths } = JSON.parse(await describeText()) as {
    paths: Record<
      string,
      Record<
        string,
        { operationId: string; summary?: string; tags?: string[]; parameters: { name: string; in: string }[] }
      >
    >;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  for (const { path, summary, tags, parameters, operationId } of operations) {
    assert.ok(summary && tags?.length === 1, operationId);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(
      parameters
        .filter((one) => one.in === "path")
        .map(({ name }) => name)
        .sort(),
      named.toSorted((a, b) => String(a).localeCompare(String(b))),
      path,
    );
  }
});
