import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { z } from "zod";

const home = dirname(dirname(import.meta.dirname));

const result = z.strictObject({
  machines: z.array(
    z.strictObject({
      hostname: z.string(),
      system_id: z.string().length(6),
      firmware: z.string(),
      status: z.literal("Deployed"),
      ssh: z.literal(true),
      phases: z.strictObject({ enlist: z.number(), commission: z.number(), deploy: z.number(), ssh: z.number() }),
    }),
  ),
  seconds: z.number(),
});

async function demo(state: string, ...argv: string[]): Promise<{ status: number; output: string; error: string }> {
  return new Promise((resolve) => {
    const child = spawn(join(home, "rackwright"), ["demo", "--once", "--json", "--state", state, ...argv], {
      cwd: "/",
    });
    const kept = { output: "", error: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (kept.output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (kept.error += text));
    child.on("close", (code) => resolve({ status: code ?? 1, ...kept }));
  });
}

// What a machine with UEFI goes through is in kill.large.test.ts.
test("a machine goes from power-off to an ssh login by one command", { timeout: 900_000 }, async () => {
  const state = await mkdtemp(join(tmpdir(), "rackwright-road-"));
  try {
    const ended = await demo(state, "--port", "15240");
    assert.equal(ended.status, 0, ended.error);
    const summary = result.parse(JSON.parse(ended.output.trim().split("\n").at(-1) ?? ""));
    assert.deepEqual(
      summary.machines.map((machine) => machine.firmware),
      ["bios"],
    );
    for (const step of [
      "power on",
      "dhcp.ack",
      "agent.started",
      "Downloading debian-12",
      "Installing the boot loader",
      "ssh login",
    ]) {
      assert.ok(ended.error.includes(step), `the timeline shows '${step}':\n${ended.error}`);
    }
  } finally {
    await rm(state, { recursive: true, force: true });
  }
});
