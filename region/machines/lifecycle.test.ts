import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { machineStatuses } from "@rackwright/contract";
import type { MachineStatus } from "@rackwright/contract";
import { type Rule, lifecycle, timedStatuses, triggersIn } from "./lifecycle.ts";
import { describeLifecycle, lifecyclePage } from "./diagram.ts";
import { passing } from "./rules.ts";

const timed = timedStatuses as readonly string[];
/** Statuses that come only with machines taken over from elsewhere. */
const takenOver = ["missing", "reserved", "retired"];

/** Everything a rule can lead to. */
function targets({ to }: Rule, from: MachineStatus): MachineStatus[] {
  const held = ["deployed", "allocated", "ready"] as const;
  if (to === "same") return [from];
  if (to === "held") return [...held];
  if (typeof to === "string") return [to];
  return machineStatuses
    .filter((earlier) => !passing.includes(earlier))
    .flatMap((earlier) => {
      const target = to.before[earlier] ?? earlier;
      return target === "held" ? [...held] : [target];
    });
}

const rules = machineStatuses.flatMap((from) =>
  Object.entries(lifecycle[from]).map(([trigger, rule]) => ({ from, trigger, rule, targets: targets(rule, from) })),
);

test("every status but those of machines taken over can be reached from New, and every status can be left", () => {
  const reached = new Set<MachineStatus>(["new"]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const { from, rule } of rules) if (reached.has(from) && typeof rule.to === "string") add(rule, from);
  }
  function add(rule: Rule, from: MachineStatus): void {
    for (const to of targets(rule, from)) reached.add(to);
  }
  assert.deepEqual(
    machineStatuses.filter((status) => !reached.has(status)),
    machineStatuses.filter((status) => takenOver.includes(status)),
  );
  for (const status of machineStatuses)
    assert.ok(
      rules.some(({ from, targets: to }) => from === status && to.some((one) => one !== status)),
      status,
    );
});

test("exactly the statuses that end by themselves can time out, and each time-out is a failure", () => {
  const canTimeOut = machineStatuses.filter((status) => lifecycle[status]["timed-out"]);
  assert.deepEqual(canTimeOut.sort(), [...timedStatuses].sort());
  for (const { trigger, rule } of rules) if (trigger === "timed-out") assert.equal(rule.fails, true);
});

test("whoever enters a status with an end is told what it waits for; elsewhere nothing is waited for", () => {
  for (const { from, trigger, rule } of rules) {
    if (rule.to === "same") continue;
    const waits = typeof rule.to === "string" && timed.includes(rule.to);
    assert.equal(rule.waits !== undefined, waits, `${from} ${trigger}`);
  }
});

test("a power command that decides has an answer to its end and to its failure", () => {
  for (const { from, trigger, rule } of rules) {
    if (rule.power === undefined || rule.power === "off" || rule.power === "settle") continue;
    assert.ok(typeof rule.to === "string" && rule.to !== "same" && rule.to !== "held", `${from} ${trigger}`);
    assert.ok(lifecycle[rule.to]["power-failed"], rule.to);
    if (rule.power !== "cycle") assert.ok(lifecycle[rule.to]["powered-off"], rule.to);
    if (rule.power === "settle-last") assert.ok(lifecycle[rule.to]["powered-on"], rule.to);
  }
});

test("in every status an operator can do something, but while the world is asked to release or leave rescue mode", () => {
  for (const status of machineStatuses) assert.ok(triggersIn(status).length > 0, status);
});

test("an owner who gives a machine back leaves with no credentials alive", () => {
  for (const { trigger, rule } of rules)
    if (rule.to === "releasing" && rule.power === "off-last") assert.equal(rule.credentials, "delete", trigger);
});

test("a machine whose disks were not erased becomes ready neither by tests nor by anything but a release", () => {
  for (const { trigger, rule, targets: to, from } of rules)
    if (from === "failed disk erasing" || from === "disk erasing")
      assert.ok(!to.includes("ready"), `${from} ${trigger} ${rule.by}`);
  const passed = lifecycle.testing["tests-passed"];
  assert.ok(passed !== undefined && typeof passed.to === "object");
  assert.equal(passed.to.before["failed disk erasing"], undefined);
});

test("a test that was broken off judges nobody: the machine is what it was", () => {
  const { to } = lifecycle.testing.abort ?? {};
  assert.ok(typeof to === "object");
  // Its commissioning had passed.
  assert.deepEqual(to.before, { commissioning: "ready" });
});

test("the page about the life cycle is fresh", async () => {
  const kept = await readFile(lifecyclePage, "utf8");
  assert.equal(kept, describeLifecycle(), "run: node region/machines/diagram.ts");
});
