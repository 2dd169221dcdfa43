import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ImageManifest } from "@rackwright/contract";
import * as images from "./store.ts";

async function newStore(context: TestContext): Promise<string> {
  const store = await mkdtemp(join(tmpdir(), "rw-store-"));
  context.after(() => rm(store, { recursive: true }));
  return store;
}

async function addImage(store: string, name: string, content: string): Promise<ImageManifest> {
  const file = join(store, "incoming");
  await writeFile(file, content);
  const manifest: ImageManifest = {
    name,
    kind: "deployable",
    title: name,
    os: "debian",
    release: "12",
    architecture: "amd64",
    recipe: "0".repeat(64),
    builtAt: "2026-01-02T03:04:05.000Z",
    files: [await images.storeFile(store, file, "squashfs")],
  };
  await images.writeManifest(store, manifest);
  return manifest;
}

test("a file is stored under its hash, and its manifest reads back as written", async (context) => {
  const store = await newStore(context);
  const manifest = await addImage(store, "one", "content");
  const hash = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
  assert.deepEqual(manifest.files, [{ role: "squashfs", name: "squashfs", sha256: hash, size: 7 }]);
  assert.equal(await readFile(join(store, "sha256", "ed", hash), "utf8"), "content");
  assert.deepEqual(await images.readManifest(store, "one"), manifest);
});

test("an image with a missing, cut or changed file is not complete", async (context) => {
  const store = await newStore(context);
  const manifest = await addImage(store, "one", "content");
  const path = images.blobPath(store, manifest.files[0]?.sha256 ?? "");
  assert.ok(await images.isComplete(store, manifest, "sha256"));
  await writeFile(path, "CONTENT");
  assert.ok(await images.isComplete(store, manifest, "size"));
  assert.ok(!(await images.isComplete(store, manifest, "sha256")));
  await truncate(path, 3);
  assert.ok(!(await images.isComplete(store, manifest, "size")));
  await rm(path);
  assert.ok(!(await images.isComplete(store, manifest, "size")));
});

test("what is not a manifest counts as none", async (context) => {
  const store = await newStore(context);
  assert.equal(await images.readManifest(store, "absent"), null);
  assert.deepEqual(await images.listManifests(store), []);
  const good = await addImage(store, "good", "content");
  const cases = [
    "",
    "{",
    "null",
    "[]",
    JSON.stringify({ ...good, files: [] }),
    JSON.stringify({ ...good, name: "other" }),
  ];
  for (const text of cases) {
    await writeFile(images.manifestPath(store, "bad"), text);
    assert.equal(await images.readManifest(store, "bad"), null, text);
  }
  assert.deepEqual(await images.listManifests(store), [good]);
});

test("pruning removes what no manifest has named for a day and keeps what two images share", async (context) => {
  const store = await newStore(context);
  const at = (hours: number): Date => new Date(Date.UTC(2026, 0, 1, hours));
  const shared = await addImage(store, "one", "shared");
  await addImage(store, "two", "shared");
  const old = (await addImage(store, "three", "old")).files[0]?.sha256 ?? "";
  await addImage(store, "three", "new");
  const stray = join(store, "sha256", "00", "half.new");
  await mkdir(dirname(stray), { recursive: true });
  await writeFile(stray, "left over");
  assert.deepEqual(await images.pruneStore(store, at(0)), ["half.new"]);
  assert.deepEqual(await images.pruneStore(store, at(23)), []);
  assert.deepEqual(await images.pruneStore(store, at(25)), [old]);
  await rm(images.manifestPath(store, "two"));
  assert.deepEqual(await images.pruneStore(store, at(100)), []);
  assert.equal((await stat(images.blobPath(store, shared.files[0]?.sha256 ?? ""))).size, 6);
  assert.deepEqual(await images.pruneStore(join(store, "nowhere"), at(0)), []);
});

test("a file wanted again is no longer counted as unwanted", async (context) => {
  const store = await newStore(context);
  await addImage(store, "one", "first");
  await addImage(store, "one", "second");
  await images.pruneStore(store, new Date(0));
  await addImage(store, "one", "first");
  await images.pruneStore(store, new Date(1));
  await addImage(store, "one", "second");
  assert.deepEqual(await images.pruneStore(store, new Date(images.pruneAfter + 2)), []);
});
