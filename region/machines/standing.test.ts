import assert from "node:assert/strict";
import test from "node:test";
import { hintsFor } from "./hints.ts";
import { possibleWhen, stands } from "./standing.ts";

test("a status reads as what a machine does", () => {
  assert.deepEqual((["ready", "rescue mode", "failed testing"] as const).map(stands), [
    "is ready",
    "is in rescue mode",
    "failed testing",
  ]);
});

test("an action says when it is possible, unless that is nearly always", () => {
  assert.equal(possibleWhen("allocate"), "while it is ready");
  assert.equal(possibleWhen("override_failed_testing"), "after failed testing");
  assert.match(possibleWhen("deploy") ?? "", /^while it is ready or allocated$/);
  assert.equal(possibleWhen("mark_broken"), null);
});

test("a hint tells the status, and when the action is possible", () => {
  const machine = {
    hostname: "host",
    status: "testing" as const,
    owner_id: null,
    pool_id: 1,
    locked: false,
    installed: false,
    ephemeral: false,
    inventoried: true,
    power_driver: null,
  };
  const root = { id: 1, username: "root", administrator: true };
  const why = new Map(hintsFor(machine, root).map((hint) => [hint.action, hint.why]));
  assert.equal(why.get("allocate"), "it is testing; possible while it is ready");
  assert.equal(why.get("test"), "it is testing");
  assert.equal(why.get("abort"), null);
});
