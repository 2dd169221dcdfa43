import assert from "node:assert/strict";
import test from "node:test";
import { fleetFaultNames } from "@rackwright/lab";
import { drawMachines } from "./draw.ts";
import type { LifeEnd } from "./life.ts";
import { addUp, showFleet } from "./report.ts";

const measured = { seconds: 60, stuck: 0, peak_memory_mib: { region: 100, rack: 120 } };
const end = (more: Partial<LifeEnd>): LifeEnd => ({
  number: 1,
  fault: undefined,
  kind: "done",
  stage: "end",
  code: undefined,
  message: "",
  ...more,
});

test("faults are given to so many of a hundred, every kind in turn, twins after healthy machines", () => {
  const drawn = drawMachines(1000, 5);
  assert.deepEqual(
    drawn.map(({ number }) => number),
    Array.from({ length: 1000 }, (_, n) => n + 1),
  );
  const faulty = drawn.filter(({ fault }) => fault !== undefined);
  assert.equal(faulty.length, 50);
  assert.deepEqual(new Set(faulty.map(({ fault }) => fault)), new Set(fleetFaultNames));
  for (const { number, fault } of faulty)
    if (fault === "twin-uuid") assert.equal(drawn[number - 2]?.fault, undefined, `machine ${number}`);
  assert.deepEqual(
    drawMachines(3, 0).map(({ fault }) => fault),
    [undefined, undefined, undefined],
  );
});

test("what was explained, wrongly explained and not noticed is told apart", () => {
  const result = addUp(
    [
      end({}),
      end({ kind: "failed", stage: "deploy", code: "agent-silent" }),
      end({ fault: "kernel-cut", kind: "failed", code: "kernel-cut" }),
      end({ fault: "kernel-cut", kind: "failed", code: "agent-silent" }),
      end({ fault: "bmc-dead", kind: "stuck" }),
      end({ fault: "bmc-dead" }),
    ],
    { ...measured, stuck: 1 },
  );
  const { faulted, explained, wrongly_explained, unnoticed, lives_per_minute, stuck } = result;
  assert.deepEqual([faulted, explained, wrongly_explained, unnoticed, lives_per_minute, stuck], [4, 0.25, 2, 1, 1, 1]);
  assert.deepEqual(result.faults["kernel-cut"], {
    machines: 2,
    explained: 1,
    wrongly_explained: 1,
    codes: { "kernel-cut": 1, "agent-silent": 1 },
  });
  assert.match(showFleet(result).join("\n"), /6 machines in 60 s: 1 lives per minute, 1 stuck/);
});

test("a fleet without faults has nothing unexplained", () => {
  assert.equal(addUp([end({})], measured).explained, 1);
});
