import assert from "node:assert/strict";
import { test } from "node:test";
import { phasesOf } from "./timeline.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000);
const change = (second: number, to: string) => ({ at: at(second), type: "machine.status", to });
const short = (events: Parameters<typeof phasesOf>[0], found: Date | null = null) =>
  phasesOf(events, found).map(({ name, seconds, outcome }) => `${name} ${seconds} ${outcome}`);

test("a life without trouble: found, commissioned, deployed, logged in, released", () => {
  const events = [
    { at: at(30), type: "machine.enlisted", to: null },
    change(31, "commissioning"),
    change(91, "ready"),
    change(100, "deploying"),
    change(220, "deployed"),
    { at: at(240), type: "machine.ssh", to: null },
    change(300, "releasing"),
    change(305, "ready"),
  ];
  assert.deepEqual(short(events, at(0)), [
    "enlist 30 ok",
    "commission 60 ok",
    "deploy 120 ok",
    "ssh 20 ok",
    "release 5 ok",
  ]);
});

test("failed, aborted and running phases are told as such; a release before the first log-in drops its phase", () => {
  assert.deepEqual(short([change(0, "commissioning"), change(9, "failed commissioning")]), ["commission 9 failed"]);
  assert.deepEqual(short([change(0, "commissioning"), change(9, "new")]), ["commission 9 failed"]);
  assert.deepEqual(short([change(0, "deploying"), change(9, "allocated")]), ["deploy 9 failed"]);
  assert.deepEqual(short([change(0, "deploying"), change(9, "releasing")]), [
    "deploy 9 failed",
    "release null running",
  ]);
  assert.deepEqual(
    short([change(0, "deploying"), change(9, "deployed"), change(10, "releasing"), change(12, "ready")]),
    ["deploy 9 ok", "release 2 ok"],
  );
});
