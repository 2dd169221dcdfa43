import assert from "node:assert/strict";
import { test } from "node:test";
import { machineStatuses, phaseName } from "@rackwright/contract";
import { assert as check, array, constantFrom, double, nat, oneof, option, property, record } from "fast-check";
import { type Milestone, milestoneTypes, phaseOf, phaseOutcome, stepsOf } from "./phases.ts";

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1) + second * 1000);
const blank = {
  level: "info",
  purpose: null,
  step: null,
  title: null,
  state: null,
  status: null,
  exit_status: null,
  result_id: null,
  name: null,
  uptime: null,
  seconds: null,
};
const seen = (second: number, type: string, more: Partial<Milestone> = {}): Milestone => ({
  ...blank,
  at: at(second),
  type,
  ...more,
});
const ended = (second: number, outcome: "ok" | "failed" = "ok") => ({ end: at(second), outcome });
const short = (events: Milestone[], over: Parameters<typeof stepsOf>[1]) =>
  stepsOf(events, over).map(({ name, start, end, outcome }) => {
    const seconds = end === null ? "…" : (end.getTime() - start.getTime()) / 1000;
    return `${name} ${seconds}${outcome === "ok" ? "" : ` ${outcome}`}`;
  });

const boot = [
  seen(0, "power.requested"),
  seen(2, "power.done"),
  seen(12, "dhcp.discover"),
  seen(13, "dhcp.ack"),
  seen(14, "dhcp.discover"),
  seen(15, "dhcp.ack"),
  seen(16, "boot.decided", { purpose: "install" }),
  seen(30, "agent.started", { uptime: 9 }),
];

test("the steps of a deployment, from the BMC to cloud-init", () => {
  const events = [
    ...boot,
    seen(30, "agent.step", { step: "partition", title: "Partition the disk", state: "started" }),
    seen(32, "agent.step", { step: "partition", state: "done" }),
    seen(32, "agent.step", { step: "image", state: "started" }),
    seen(50, "agent.step", { step: "image", state: "done" }),
    seen(51, "agent.finished"),
    seen(60, "dhcp.discover"),
    seen(61, "dhcp.ack"),
    seen(62, "boot.decided", { purpose: "local" }),
    seen(80, "cloudinit.progress"),
  ];
  assert.deepEqual(short(events, ended(85)), [
    "power 2",
    "firmware 10",
    "dhcp 1",
    "loader 3",
    "kernel 5",
    "system 9",
    "agent/partition 2",
    "agent/image 18",
    "reboot 11",
    "cloud-init 23",
  ]);
});

test("a machine that is switched off starts no firmware", () => {
  const events = [seen(0, "power.requested"), seen(2, "power.done", { state: "off" })];
  assert.deepEqual(short(events, { end: null, outcome: "running" }), ["power 2"]);
});

test("events that come out of order, as a rack's do, make the same steps", () => {
  assert.deepEqual(short(boot.toReversed(), ended(31)), short(boot, ended(31)));
});

test("a step that runs ends with its phase as that does; a machine that goes down after its task does not restart", () => {
  assert.deepEqual(short(boot.slice(0, 4), ended(90, "failed")), [
    "power 2",
    "firmware 10",
    "dhcp 1",
    "loader 77 failed",
  ]);
  assert.deepEqual(short(boot.slice(0, 3), { end: null, outcome: "running" }), [
    "power 2",
    "firmware 10",
    "dhcp … running",
  ]);
  assert.deepEqual(short([...boot, seen(40, "agent.finished")], ended(41)).at(-1), "system 9");
  const failed = [seen(0, "power.requested"), seen(9, "power.failed")];
  assert.deepEqual(short(failed, ended(10, "failed")), ["power 9 failed"]);
  const refused = [...boot.slice(0, 4), seen(20, "boot.decided", { level: "error" })];
  assert.deepEqual(short(refused, ended(21, "failed")).at(-1), "loader 7 failed");
});

test("scripts side by side, each with its end; those told only when they ended", () => {
  const events = [
    seen(0, "agent.step", { step: "smartctl", state: "started", result_id: 1 }),
    seen(0, "agent.step", { step: "memtester", state: "started", result_id: 2 }),
    seen(5, "agent.result", { name: "smartctl", result_id: 1, status: "passed" }),
    seen(9, "agent.result", { name: "memtester", result_id: 2, status: "failed" }),
    seen(20, "agent.result", { name: "lshw", exit_status: 0, seconds: 4 }),
  ];
  assert.deepEqual(short(events, ended(21, "failed")), [
    "script/smartctl 5",
    "script/memtester 9 failed",
    "script/lshw 4",
  ]);
});

test("whatever is reported, steps have an order of time, an end with their phase, and an end to their number", () => {
  const anyNumber = oneof(
    nat(500),
    double({ noNaN: true, noDefaultInfinity: true }),
    constantFrom(1e300, -1e300, 1e12),
  );
  const anything = record({
    second: nat(100),
    type: constantFrom(...milestoneTypes),
    level: constantFrom("info", "error"),
    purpose: option(constantFrom("local", "install")),
    step: option(constantFrom("a", "b")),
    state: option(constantFrom("started", "done", "failed")),
    result_id: option(constantFrom(1, 2)),
    uptime: option(anyNumber),
    seconds: option(anyNumber),
    name: option(constantFrom("x")),
  });
  check(
    property(array(anything, { maxLength: 400 }), (reports) => {
      const steps = stepsOf(
        reports.map(({ second, type, ...more }) => seen(second, type, more)),
        { start: at(0), ...ended(200) },
      );
      assert.ok(steps.length <= 300);
      for (const { start, end, outcome } of steps) {
        assert.ok(start >= at(0) && end !== null && end >= start && end <= at(200));
        assert.notEqual(outcome, "running");
      }
    }),
  );
});

test("statuses that last are phases, and every phase ends well or badly", () => {
  assert.deepEqual(
    machineStatuses.filter((status) => phaseOf(status) !== null),
    [
      "commissioning",
      "testing",
      "deploying",
      "releasing",
      "disk erasing",
      "entering rescue mode",
      "rescue mode",
      "exiting rescue mode",
      "broken",
    ],
  );
  assert.equal(phaseOutcome("commission", "ready", "commission-passed"), "ok");
  assert.equal(phaseOutcome("commission", "new", "abort"), "failed");
  assert.equal(phaseOutcome("deploy", "allocated", "abort"), "failed");
  assert.equal(phaseOutcome("deploy", "deployed", "user-data-read"), "ok");
  assert.equal(phaseOutcome("test", "ready", "abort"), "failed");
  assert.equal(phaseOutcome("enter rescue", "failed to enter rescue mode", null), "failed");
  for (const name of phaseName.options) assert.equal(phaseOutcome(name, "failed releasing", null), "failed");
});
