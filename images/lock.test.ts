import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ImageBuildError } from "./failure.ts";
import { withLock } from "./lock.ts";
import { hostRunner } from "./process.ts";
import { scriptedRunner } from "./testing/fake-runner.ts";

async function newCache(context: TestContext): Promise<string> {
  const cache = await mkdtemp(join(tmpdir(), "rw-lock-"));
  context.after(() => rm(cache, { recursive: true }));
  return cache;
}
const run = hostRunner(process.env);

test("a second builder says that it waits, and goes on when the first is done", async (context) => {
  const cache = await newCache(context);
  const order: string[] = [];
  let second: Promise<string> | undefined;
  const first = await withLock(run, cache, assert.fail, async () => {
    await new Promise<void>((told) => {
      const waiting = (): void => {
        order.push("second waits");
        told();
      };
      second = withLock(run, cache, waiting, async () => {
        order.push("second works");
        return "two";
      });
    });
    order.push("first is done");
    return "one";
  });
  assert.deepEqual([first, await second], ["one", "two"]);
  assert.deepEqual(order, ["second waits", "first is done", "second works"]);
});

test("the lock is free again after work that failed", async (context) => {
  const cache = await newCache(context);
  const failing = withLock(run, cache, assert.fail, () => Promise.reject(new Error("no luck")));
  await assert.rejects(failing, /no luck/);
  assert.equal(await withLock(run, cache, assert.fail, async () => 1), 1);
});

test("the lock is free again when its holder is killed", async (context) => {
  const cache = await newCache(context);
  const program = `
    import { withLock } from ${JSON.stringify(new URL("./lock.ts", import.meta.url).href)};
    import { hostRunner } from ${JSON.stringify(new URL("./process.ts", import.meta.url).href)};
    await withLock(hostRunner(process.env), process.argv[1], () => {}, async () => {
      console.log("held");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, cache], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  assert.equal(
    await withLock(
      run,
      cache,
      () => {},
      async () => 2,
    ),
    2,
  );
});

test("without flock the failure says what is needed", async (context) => {
  const cache = await newCache(context);
  const broken = scriptedRunner([[/flock/, { status: 127, lines: ["sh: 1: flock: not found"] }]]);
  await assert.rejects(
    withLock(broken, cache, assert.fail, () => assert.fail()),
    (error) =>
      error instanceof ImageBuildError &&
      error.failure.code === "image-lock-failed" &&
      /util-linux/.test(error.failure.next),
  );
});
