import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import test from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const MARK = "RACKWRIGHT_IPMI_NAMESPACE";

/**
 * Runs the tests of a file in a network namespace of their own, with only `lo` up: outside it becomes one test that runs the
 * file again inside; inside `body` declares the tests. Needs root.
 */
export function inNamespace(file: string, body: () => void): void {
  if (process.env[MARK] !== undefined) return body();
  test("in a network namespace of its own", { timeout: 240_000 }, async (t) => {
    const name = `rw-ipmi-${process.pid}`;
    await run("ip", ["netns", "add", name]);
    t.after(() => run("ip", ["netns", "delete", name]));
    await run("ip", ["-n", name, "link", "set", "lo", "up"]);
    const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
    const child = spawn("ip", ["netns", "exec", name, process.execPath, "--test-reporter=spec", file], {
      env: { ...environment, [MARK]: name },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    });
    t.diagnostic(output);
    assert.equal(code, 0, output);
  });
}
