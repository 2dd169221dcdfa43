import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { endProcess, findMarked, identify, isRunning, labVariable } from "./process-identity.ts";

async function start(script: string, environment: Record<string, string> = {}) {
  const child = spawn("sh", ["-c", script], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...environment },
  });
  await once(child.stdout, "data");
  const identity = await identify(child.pid ?? 0);
  assert(identity !== undefined);
  return { child, identity };
}

describe("a process", () => {
  it("is known by pid, start time and boot", async () => {
    const { child, identity } = await start("echo up; exec sleep 60");
    assert.equal(await isRunning(identity), true);
    assert.equal(await isRunning({ ...identity, startTime: "1" }), false);
    assert.equal(await isRunning({ ...identity, bootId: "another" }), false);
    assert.equal(await endProcess({ ...identity, startTime: "1" }, 100), false);
    assert.equal(child.signalCode, null, "another process with that pid is left alone");
    assert.equal(await endProcess(identity, 1000), true);
    assert.equal(await endProcess(identity, 1000), false);
  });

  it("is killed when it does not end by itself", async () => {
    const { child, identity } = await start("trap '' TERM; echo up; while :; do sleep 1; done");
    const exit = once(child, "exit");
    assert.equal(await endProcess(identity, 100), true);
    assert.deepEqual(await exit, [null, "SIGKILL"]);
  });

  it("is found by its lab's mark, and so is what it starts", async () => {
    const id = `test-${process.pid}`;
    const { identity } = await start("sleep 60 & echo up; wait", { [labVariable]: id });
    const found = await findMarked(id);
    assert.equal(found.length, 2);
    assert.ok(found.some(({ pid }) => pid === identity.pid));
    assert.deepEqual(await findMarked(`${id}0`), []);
    for (const one of found) await endProcess(one, 1000);
    assert.deepEqual(await findMarked(id), []);
  });
});
