import assert from "node:assert/strict";
import { test } from "node:test";
import { machineStatuses } from "@rackwright/contract";
import { lifecycle, timedStatuses, triggersIn } from "./lifecycle.ts";

const rules = machineStatuses.flatMap((from) =>
  Object.entries(lifecycle[from]).map(([trigger, rule]) => ({ from, trigger, ...rule })),
);

test("every status can be reached from New and left again", () => {
  const reached = new Set<string>(["new"]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const { from, to } of rules) if (reached.has(from)) reached.add(to);
  }
  assert.deepEqual([...reached].sort(), [...machineStatuses].sort());
  for (const status of machineStatuses)
    assert.ok(
      rules.some(({ from, to }) => from === status && to !== status),
      status,
    );
});

test("exactly the statuses that end by themselves can time out, and each time-out is a failure", () => {
  const canTimeOut = machineStatuses.filter((status) => lifecycle[status]["timed-out"]);
  assert.deepEqual(canTimeOut.sort(), [...timedStatuses].sort());
  for (const rule of rules) if (rule.trigger === "timed-out") assert.equal(rule.fails, true);
});

test("whoever enters a status with an end is told what it waits for", () => {
  for (const rule of rules)
    if ((timedStatuses as readonly string[]).includes(rule.to)) assert.ok(rule.waits, `${rule.from} ${rule.trigger}`);
});

test("a failed power command has an answer wherever a power command decides", () => {
  for (const { to, power } of rules)
    if (power === "cycle" || power === "off-last") assert.ok(lifecycle[to]["power-failed"], to);
});

test("every status that is not passing lets an operator do something, and no owner leaves with credentials alive", () => {
  for (const status of machineStatuses) if (status !== "releasing") assert.ok(triggersIn(status).length > 0, status);
  for (const { trigger, to, credentials } of rules)
    if (to === "releasing" && trigger === "release") assert.equal(credentials, "delete");
});
