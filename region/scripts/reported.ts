import type { AgentReport } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { Denied, StateConflict } from "../errors.ts";
import type { MachineRow } from "../machines/fire.ts";

export type ScriptReport = Extract<AgentReport, { kind: "script" }>;
/** How a run ended. */
export type RunEnd = Pick<ScriptReport, "status" | "exit_status" | "runtime" | "error" | "result">;
export type Run = Awaited<ReturnType<typeof runsOf>>[number];

/** Runs that reports name, locked. @throws Denied for those of another machine, StateConflict for those of an older set */
export async function runsOf(tx: Transaction, machine: Pick<MachineRow, "id">, ids: readonly number[]) {
  const rows = await tx
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .selectAll("r")
    .select(["s.type", "s.closed_at"])
    .where("r.id", "in", [...ids])
    .forUpdate("r")
    .execute();
  for (const id of ids) {
    const row = rows.find((one) => one.id === id);
    if (row === undefined || row.machine_id !== machine.id)
      throw new Denied(`Result ${id} is none of machine ${machine.id}.`, 403, {
        next: "Ask for the task again (GET /agent/v1/task): it names the results to report on.",
      });
    if (row.closed_at !== null)
      throw new StateConflict(`Result ${id} belongs to scripts that are over since ${row.closed_at.toISOString()}.`, {
        next: "Ask for the task again (GET /agent/v1/task); nothing of this run counts any more.",
      });
  }
  return rows;
}
