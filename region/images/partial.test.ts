import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { imageNameOf, releaseOf } from "./names.ts";
import { addBlob, hasBlob, uploadPath, writeAt } from "./partial.ts";
import { hashOf } from "./store.ts";

test("a piece that was written and not written down is written again at its place", async (t) => {
  const store = await mkdtemp(join(tmpdir(), "rackwright-partial-"));
  t.after(() => rm(store, { recursive: true }));
  const path = uploadPath(store, 7);
  await writeAt(path, 0, Buffer.from("one "));
  await writeAt(path, 4, Buffer.from("twoXXXX"));
  await writeAt(path, 4, Buffer.from("two"));
  assert.equal(await readFile(path, "utf8"), "one two");
  // From the beginning again: nothing of what was there is left.
  await writeAt(path, 0, Buffer.from("new"));
  assert.equal(await readFile(path, "utf8"), "new");
  const sha256 = await hashOf(path);
  assert.equal(await hasBlob(store, sha256), null);
  await addBlob(store, path, sha256);
  assert.equal(await hasBlob(store, sha256), 3);
});

test("an image has the name it was uploaded under, as far as the store can have it", () => {
  assert.equal(imageNameOf("web", "amd64"), "web");
  assert.equal(imageNameOf("custom/web", "arm64"), "web-arm64");
  assert.equal(imageNameOf("windows/2022", "amd64"), "windows-2022");
  assert.deepEqual(releaseOf("custom/web"), releaseOf("web"));
  for (const name of [
    "",
    "/",
    "a/",
    "/a",
    "Web",
    "we_b",
    "a/b",
    "custom/a/b",
    "..",
    "custom/..",
    "ubuntu/noble",
    "x".repeat(64),
  ])
    assert.throws(() => imageNameOf(name, "amd64"), /name/, name);
});
