import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { openContentStore } from "../images/index.ts";
import { startHttpServer } from "./index.ts";

const run = promisify(execFile);

test("curl: whole, ranges, a broken-off download resumed, HEAD, eight at once", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "rw-http-curl-"));
  const file = randomBytes(20_000_000);
  const hash = createHash("sha256").update(file).digest("hex");
  const store = await openContentStore({ dir: join(dir, "store"), emit: () => undefined });
  async function* body() {
    yield await Promise.resolve(file);
  }
  await store.ensure(hash, file.length, () => Promise.resolve(body()));
  const server = await startHttpServer({
    addresses: ["127.0.0.1"],
    port: 0,
    store,
    ensure: () => Promise.resolve(false),
    open: () => Promise.resolve(undefined),
    upstreams: () => [],
    emit: () => undefined,
  });
  t.after(async () => {
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${server.listening[0]?.port}/images/${hash}/squashfs`;
  const to = join(dir, "got");
  const curl = async (...args: string[]) =>
    (await run("curl", ["-sS", "-o", to, "-w", "%{http_code}", ...args, url])).stdout;

  assert.equal(await curl(), "200");
  assert.ok((await readFile(to)).equals(file));
  assert.equal(await curl("-r", "5-1048580"), "206");
  assert.ok((await readFile(to)).equals(file.subarray(5, 1_048_581)));
  assert.equal(await curl("-r", "-7"), "206");
  assert.ok((await readFile(to)).equals(file.subarray(-7)));
  assert.equal(await curl("-r", "20000000-"), "416");
  await writeFile(to, file.subarray(0, 12_345_678));
  assert.equal(await curl("-C", "-"), "206");
  assert.ok((await readFile(to)).equals(file));
  const head = (await run("curl", ["-sSI", url])).stdout;
  assert.match(head, /^HTTP\/1\.1 200 [^]*content-length: 20000000\r\n/i);
  const sums = await Promise.all(Array.from({ length: 8 }, () => run("sh", ["-c", `curl -sS ${url} | sha256sum`])));
  assert.deepEqual(
    sums.map(({ stdout }) => stdout.slice(0, 64)),
    Array<string>(8).fill(hash),
  );
});
