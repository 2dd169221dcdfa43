import assert from "node:assert/strict";
import test from "node:test";
import { badInput } from "@rackwright/contract";
import { reasons, report } from "./bulk.ts";
import type { Outcome } from "./bulk.ts";
import type { Context } from "./context.ts";
import { silentTerminal } from "./terminal.ts";

const outcome = (hostname: string, more: Partial<Outcome> = {}): Outcome => ({
  id: hostname,
  hostname,
  ok: true,
  status: "ready",
  code: null,
  error: null,
  next: null,
  ...more,
});
const refused = (hostname: string, error: string, next = "Do this.", code = "state-conflict"): Outcome =>
  outcome(hostname, { ok: false, error, next, code });

function run(outcomes: readonly Outcome[], json = false): { lines: string[]; error: unknown } {
  const lines: string[] = [];
  const terminal = { ...silentTerminal, print: (line: string) => lines.push(line) };
  const context: Context = { terminal, environment: {}, interrupted: new AbortController().signal };
  try {
    report(context, json, outcomes);
    return { lines, error: undefined };
  } catch (error) {
    return { lines, error };
  }
}

test("each machine has a line, each reason is told once, and a refusal fails the command", () => {
  const { lines, error } = run([
    outcome("one"),
    refused("two", "Machine two is new."),
    refused("three", "Machine three is new."),
    outcome("four", { ok: false, failed: true, error: "It burnt.", next: "Put it out." }),
  ]);
  assert.deepEqual(
    lines.slice(0, 5).map((line) => line.split(/ +/)),
    [
      ["ID", "HOSTNAME", "RESULT", "STATUS"],
      ["one", "one", "done", "ready"],
      ["two", "two", "refused", "ready"],
      ["three", "three", "refused", "ready"],
      ["four", "four", "failed", "ready"],
    ],
  );
  assert.deepEqual(lines.slice(5), [
    "",
    "two, three:",
    "  Machine … is new.\n  Do this.",
    "",
    "four:",
    "  It burnt.\n  Put it out.",
  ]);
  assert.match(String(error), /3 of 4 machines did not do it/);
  assert.equal(run([outcome("one")]).error, undefined);
});

test("of one machine the reason is the error itself", () => {
  const { lines, error } = run([refused("two", "No.", "Do this.")]);
  assert.deepEqual([lines, String(error)], [[], "Error: No."]);
});

test("advice about fields of the API is left out", () => {
  assert.deepEqual(reasons([refused("a", "No such zone.", badInput.next, badInput.code)]), [
    "",
    "a:",
    "  No such zone.",
  ]);
});

test("as JSON it is what the API answered", () => {
  const { lines, error } = run([outcome("one"), refused("two", "No.")], true);
  const told: unknown = JSON.parse(lines[0] ?? "");
  assert.deepEqual(told, {
    done: 1,
    items: [
      { id: "one", ok: true, status: "ready", code: null, error: null, next: null },
      { id: "two", ok: false, status: "ready", code: "state-conflict", error: "No.", next: "Do this." },
    ],
  });
  assert.match(String(error), /1 of 2/);
});
