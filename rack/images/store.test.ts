import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { RackEventInput } from "@rackwright/contract";
import { type ContentStoreOptions, type FetchImage, ImageError, openContentStore } from "./index.ts";

const file = randomBytes(3_000_000);
const hash = createHash("sha256").update(file).digest("hex");

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield await Promise.resolve(bytes.subarray(at, at + 100_000));
}
const fetchFile: FetchImage = () => Promise.resolve(pieces(file));

async function store(t: TestContext, more: Partial<ContentStoreOptions> = {}) {
  const dir = await mkdtemp(join(tmpdir(), "rw-store-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const events: RackEventInput[] = [];
  return { dir, events, store: await openContentStore({ dir, emit: (event) => events.push(event), ...more }) };
}
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return error instanceof ImageError ? error.code : String(error);
  }
  return "no error";
};

test("a file is fetched once for any number of callers and then read back in parts", async (t) => {
  const { store: images, dir, events } = await store(t);
  let fetches = 0;
  const fetch: FetchImage = (wanted, signal) => {
    fetches += 1;
    return fetchFile(wanted, signal);
  };
  await Promise.all([1, 2, 3].map(() => images.ensure(hash, file.length, fetch)));
  await images.ensure(hash, undefined, fetch);
  assert.equal(fetches, 1);
  assert.deepEqual(await readdir(join(dir, "sha256", hash.slice(0, 2))), [hash]);
  assert.deepEqual(await readdir(join(dir, "incoming")), []);
  const source = await images.open(hash);
  assert.equal(source?.size, file.length);
  assert.ok(Buffer.from((await source?.read(2_999_990, 100)) ?? []).equals(file.subarray(2_999_990)));
  await source?.close();
  assert.deepEqual(
    events.map((event) => event.type),
    ["image.registered"],
  );
});

test("wrong content, wrong length and a broken or silent source leave nothing behind", async (t) => {
  const { store: images, dir, events } = await store(t, { stallTimeoutMs: 50 });
  const wrong = Buffer.from(file);
  wrong[5] = (wrong[5] ?? 0) ^ 1;
  assert.equal(
    await codeOf(images.ensure(hash, file.length, () => Promise.resolve(pieces(wrong)))),
    "image-hash-mismatch",
  );
  assert.equal(await codeOf(images.ensure(hash, 10, fetchFile)), "image-size-mismatch");
  assert.equal(await codeOf(images.ensure(hash, file.length + 1, fetchFile)), "image-size-mismatch");
  assert.equal(
    await codeOf(images.ensure(hash, 10, () => Promise.reject(new Error("no route")))),
    "image-fetch-failed",
  );
  const silent: FetchImage = () =>
    Promise.resolve({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) });
  assert.equal(await codeOf(images.ensure(hash, 10, silent)), "image-fetch-failed");
  assert.equal(await images.has(hash), false);
  assert.deepEqual(await readdir(join(dir, "incoming")), []);
  assert.deepEqual(
    events.map((event) => event.failure?.code),
    ["image-hash-mismatch", "image-size-mismatch", "image-size-mismatch", "image-fetch-failed", "image-fetch-failed"],
  );
  await images.ensure(hash, file.length, fetchFile);
  assert.equal(await images.has(hash), true);
});

test("a full disk says what could be freed", async (t) => {
  let full = false;
  const {
    store: images,
    dir,
    events,
  } = await store(t, {
    openForWriting: async (path) => {
      const handle = await open(path, "wx");
      if (!full) return handle;
      const writev = () =>
        Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }));
      return { writev, sync: () => handle.sync(), close: () => handle.close() };
    },
  });
  await images.ensure(hash, file.length, fetchFile);
  full = true;
  assert.equal(await codeOf(images.ensure("a".repeat(64), undefined, fetchFile)), "rack-disk-full");
  assert.deepEqual(await readdir(join(dir, "incoming")), []);
  const event = events.at(-1);
  assert.equal(event?.type, "rack.problem");
  assert.match(event?.failure?.evidence?.[0] ?? "", new RegExp(`^${hash} 3000000 bytes, last used `));
});

test("a disk that cannot be written to for another reason is no full disk", async (t) => {
  const { store: images, events } = await store(t, {
    openForWriting: () => Promise.reject(Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS" })),
  });
  assert.equal(await codeOf(images.ensure(hash, file.length, fetchFile)), "image-store-failed");
  assert.match(events.at(-1)?.failure?.message ?? "", /read-only file system/);
});

test("opening removes half-written files; verify removes damaged ones", async (t) => {
  const { store: images, dir, events } = await store(t);
  await images.ensure(hash, file.length, fetchFile);
  await writeFile(join(dir, "incoming", "left.over"), "half");
  const again = await openContentStore({ dir, emit: (event) => events.push(event) });
  assert.deepEqual(await readdir(join(dir, "incoming")), []);
  assert.deepEqual(await again.verify(), []);
  const handle = await open(join(dir, "sha256", hash.slice(0, 2), hash), "r+");
  await handle.write(Buffer.from("rot"), 0, 3, 2_000_000);
  await handle.close();
  assert.deepEqual(await again.verify(), [hash]);
  assert.equal(await again.has(hash), false);
});

test("closing stops a download", async (t) => {
  const { store: images, dir } = await store(t);
  const silent: FetchImage = () =>
    Promise.resolve({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) });
  const work = codeOf(images.ensure(hash, 10, silent));
  await images.close();
  assert.equal(await work, "image-fetch-failed");
  assert.deepEqual(await readdir(join(dir, "incoming")), []);
});

test("only a hash names a file", async (t) => {
  const { store: images } = await store(t);
  await assert.rejects(images.has("../../etc/passwd"), RangeError);
  await assert.rejects(images.open(`${"a".repeat(63)}/`), RangeError);
});
