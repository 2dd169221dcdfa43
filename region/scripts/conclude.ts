import type { Failure, ScriptType } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { type MachineRow, fire } from "../machines/fire.ts";
import { endScripts, scriptsVerdict, testsPending } from "./runs.ts";

type Standing = Pick<MachineRow, "id" | "status" | "patience">;

/** The scripts that a machine in this status runs on its way on; null: none. A release has some while `patience` says so. */
export function runningType({ status, patience }: Omit<Standing, "id">): ScriptType | null {
  if (status === "commissioning") return "commissioning";
  if (status === "testing") return "testing";
  if (status === "disk erasing" || (status === "releasing" && patience === "disk erasing")) return "release";
  return null;
}

/** What scripts that went well, or not, do to a machine's life. */
const triggers = {
  commissioning: { passed: "commission-passed", failed: "commission-failed" },
  testing: { passed: "tests-passed", failed: "tests-failed" },
  release: { passed: "scripts-passed", failed: "scripts-failed" },
} as const;

/**
 * Ends what a machine does with scripts: its runner said that it is done, or failed for a reason of its own. The verdict
 * of the scripts decides what becomes of the machine. Returns true when tests follow at once.
 */
export async function concludeScripts(
  tx: Transaction,
  machine: Standing,
  type: ScriptType,
  { failure = null, now }: { failure?: Failure | null; now: Date },
): Promise<boolean> {
  const about = { machineId: machine.id, actor: "machine", now };
  const verdict = failure ?? (await scriptsVerdict(tx, machine.id, type));
  if (verdict !== null) {
    const ended = { status: "aborted", error: "The machine failed before it ran.", now } as const;
    await endScripts(tx, machine.id, ended);
    await fire(tx, { ...about, trigger: triggers[type].failed, failure: verdict });
    return false;
  }
  await endScripts(tx, machine.id, { status: "aborted", error: "The machine was done before it ran.", now, type });
  const follow = type === "commissioning" && (await testsPending(tx, machine.id));
  await fire(tx, { ...about, trigger: follow ? "tests-follow" : triggers[type].passed });
  return follow;
}
