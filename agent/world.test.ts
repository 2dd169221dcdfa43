import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { runProgram } from "./world.ts";

const sh = (script: string, timeoutSeconds: number) => runProgram(["sh", "-c", script], { timeoutSeconds });
/** Neither gone nor a zombie that nobody has buried yet. */
const lives = async (pid: string): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid.trim()}/stat`, "latin1").catch(() => null);
  return stat !== null && !/\) Z /.test(stat);
};

test("a program's output, its status and why it could not be started", async () => {
  const told = await runProgram(["sh", "-c", "cat; echo oops >&2; exit 3"], { timeoutSeconds: 30, input: "hello" });
  assert.deepEqual([told.status, told.output, told.error, told.timedOut], [3, "hello", "oops\n", false]);
  const missing = await runProgram(["/nonexistent"], { timeoutSeconds: 30 });
  assert.equal(missing.status, 127);
  assert.match(missing.error, /ENOENT/);
});

test("at the end of its time a program is killed with the programs it started", { timeout: 30_000 }, async () => {
  const { status, timedOut, output } = await sh("sleep 600 & echo $!; wait", 1);
  assert.deepEqual([status, timedOut], [137, true]);
  for (let tries = 0; await lives(output); tries++) {
    assert.ok(tries < 200, "its child is still alive");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test("a process that left the group and holds the pipes keeps nobody waiting", { timeout: 30_000 }, async () => {
  const late = await sh("setsid sleep 600 & echo $!; sleep 600", 1);
  assert.equal(late.timedOut, true);
  const early = await sh("setsid sleep 600 & echo $!; exit 4", 60);
  assert.deepEqual([early.status, early.timedOut], [4, false]);
  for (const { output } of [late, early]) process.kill(Number(output), "SIGKILL");
});
