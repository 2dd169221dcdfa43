import { hardwareTypes } from "@rackwright/contract";
import type { ScriptRun } from "@rackwright/contract";

/** How many scripts run beside each other at most: a machine has seldom more disks. */
const mostBeside = 64;

function compare(a: ScriptRun, b: ScriptRun): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.result_id - b.result_id;
}

/**
 * The runs in groups, one after the other, those of a group beside each other: by hardware type, in each first the
 * scripts that want to be alone, then each script that may run beside itself, then all that may run beside others.
 */
export function inOrder(runs: readonly ScriptRun[]): ScriptRun[][] {
  return hardwareTypes.flatMap((type) => {
    const these = runs.filter((run) => run.hardware_type === type).sort(compare);
    const alone = these.filter((run) => run.parallel === "disabled").map((run) => [run]);
    const instances = Map.groupBy(
      these.filter((run) => run.parallel === "instance"),
      (run) => run.name,
    );
    const any = these.filter((run) => run.parallel === "any");
    return [...alone, ...[...instances.values()].flatMap(chunks), ...chunks(any)];
  });
}

function chunks(runs: readonly ScriptRun[]): ScriptRun[][] {
  return Array.from({ length: Math.ceil(runs.length / mostBeside) }, (_, index) =>
    runs.slice(index * mostBeside, (index + 1) * mostBeside),
  );
}
