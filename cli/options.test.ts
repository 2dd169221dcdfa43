import assert from "node:assert/strict";
import test from "node:test";
import { changed, flat } from "./commands/settings.ts";
import { assignment, count, listed, oneOf } from "./options.ts";
import { counted, moment, momentFrom, verbOf } from "./words.ts";

test("counts are whole numbers from 1 on", () => {
  assert.deepEqual(["1", "1000"].map(count), [1, 1000]);
  for (const bad of ["0", "-3", "abc", "1.5", "", "1e3"]) assert.throws(() => count(bad), /whole number from 1 on/);
});

test("one of some words, however it is written; a slip of the pen is told the near one", () => {
  const read = oneOf(["ready", "failed testing"]);
  assert.deepEqual(["READY", "failed-testing", "failed_testing"].map(read), [
    "ready",
    "failed testing",
    "failed testing",
  ]);
  assert.throws(() => read("redy"), /Did you mean 'ready'\? It must be one of: ready, failed testing\./);
});

test("lists and assignments", () => {
  assert.deepEqual(listed("a, b,,c"), ["a", "b", "c"]);
  assert.deepEqual(assignment("power_pass=a=b", { power_user: "u" }), { power_user: "u", power_pass: "a=b" });
  assert.throws(() => assignment("power_pass"), /name=value/);
});

test("settings change by their full names, and only their groups are sent", () => {
  const settings = {
    enlist: "commission",
    release: { erase: false },
    deadlines: { deploying: { silence: 1, total: 2 } },
  };
  assert.deepEqual(flat(settings).at(-1), ["deadlines.deploying.total", 2]);
  assert.deepEqual(changed(settings, ["deadlines.deploying.total=7200", "release.erase=yes"]), {
    release: { erase: true },
    deadlines: { deploying: { silence: 1, total: 7200 } },
  });
  assert.throws(
    () => changed(settings, ["relase.erase=yes"]),
    (error: { next?: string }) => /Did you mean release\.erase\?/.test(error.next ?? ""),
  );
  assert.equal(settings.release.erase, false, "what was read stays as it is");
});

test("moments and counts read well", () => {
  const noon = new Date(2026, 0, 31, 12, 0, 5);
  assert.equal(moment(noon.toISOString()), "2026-01-31 12:00:05");
  assert.equal(momentFrom(noon.toISOString(), noon.getTime() + 130_000), "2026-01-31 12:00:05 (2 min 10 s ago)");
  assert.equal(momentFrom(noon.toISOString(), noon.getTime() - 7_000), "2026-01-31 12:00:05 (in 7 s)");
  assert.deepEqual([counted(1, "machine"), counted(2, "machine")], ["1 machine", "2 machines"]);
  assert.deepEqual(["rescue_mode", "power_on", "query_power"].map(verbOf), ["rescue-mode", "power on", "power query"]);
});
