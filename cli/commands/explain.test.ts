import assert from "node:assert/strict";
import test from "node:test";
import { bmcAuth, makeFailure } from "@rackwright/contract";
import type { Explanation } from "@rackwright/contract";
import { moment } from "../words.ts";
import { explanationLines } from "./explain.ts";

const at = "2026-01-01T12:00:00.000Z";
const nothing: Explanation = {
  machine_id: "abc123",
  hostname: "brave-otter",
  status: "ready",
  verdict: "healthy",
  sentence: "brave-otter is ready; nothing is wrong.",
  next: null,
  failure: null,
  cause: null,
  waits: null,
  seen: [],
  troubles: [],
  phases: [],
};

test("a healthy machine is one line", () => {
  assert.deepEqual(explanationLines(nothing, []), ["brave-otter is ready; nothing is wrong."]);
});

test("a failed machine: cause, proof, next step, what was seen, and the end of its console", () => {
  const failure = makeFailure(bmcAuth, "The BMC has another password.", ["RAKP 2: no match"], "Correct it.");
  const told: Explanation = {
    ...nothing,
    status: "failed commissioning",
    verdict: "failed",
    sentence: `brave-otter failed commissioning: ${failure.message}`,
    next: failure.next,
    failure,
    cause: bmcAuth,
    seen: [{ at, source: "power.requested", text: "power cycle" }],
    troubles: [{ at, source: "power.failed", text: "no", failure }],
  };
  const lines = explanationLines(told, ["Booting from Hard Disk..."]);
  assert.deepEqual(lines.slice(0, 8), [
    told.sentence,
    "",
    `code      bmc-auth: ${bmcAuth.title}`,
    `means     ${bmcAuth.meaning}`,
    "to act    you: what was asked or set up cannot be",
    "evidence  RAKP 2: no match",
    "next      Correct it.",
    "",
  ]);
  assert.ok(lines.includes(`  ${moment(at)} power.failed       [bmc-auth] no`));
  assert.ok(lines.includes(`  ${moment(at)} power.requested    power cycle`));
  assert.deepEqual(lines.slice(-2), ["its serial console ends with:", "  Booting from Hard Disk..."]);
});

test("a waiting machine: for what, since when, until when, what then", () => {
  const waits = { for: "its agent", since: at, until: at, afterwards: "it fails" };
  const lines = explanationLines({ ...nothing, verdict: "waiting", waits }, []);
  assert.deepEqual(lines.slice(1), [
    "",
    "waits for its agent",
    `since     ${moment(at)}`,
    `until     ${moment(at)}`,
    "then      it fails",
  ]);
});
