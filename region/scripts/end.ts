import type { ScriptStatus } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import type { NewEvent } from "../events/append.ts";
import type { MachineRow } from "../machines/fire.ts";
import { repeatBuiltins } from "./adapt.ts";
import { readResultFile } from "./result-file.ts";
import { forgotten } from "./runs.ts";
import { isLshw, saveLshwResult } from "../tags/lshw.ts";
import type { Run, RunEnd } from "./reported.ts";
import { endedEvent } from "./run-events.ts";

/** A number that the column holds, in thousandths: single precision neither takes 1e300 nor 1e-300. */
const seconds = (runtime: number): number => Math.round(Math.min(Math.max(runtime, 0), 1e9) * 1000) / 1000;
const integer = (value: number): number => Math.max(-2_147_483_648, Math.min(2_147_483_647, value));

/** Ends one run: what its result file says counts, and a wrong one makes it fail. Returns what happened. */
export async function endRun(
  tx: Transaction,
  machine: Pick<MachineRow, "id" | "boot_mac" | "inventory">,
  row: Pick<Run, "id" | "name" | "device" | "spec" | "set_id">,
  end: RunEnd,
  now: Date,
): Promise<NewEvent[]> {
  const file =
    end.result === undefined || end.result.trim() === "" ? null : readResultFile(end.result, row.spec.results);
  const judged = outcome(end, file);
  await tx
    .updateTable("script_results")
    .set({
      status: judged.status,
      error: judged.error?.slice(0, 2000) ?? null,
      ended_at: now,
      ...(end.exit_status !== undefined && { exit_status: integer(end.exit_status) }),
      ...(end.runtime !== undefined && { runtime: seconds(end.runtime) }),
      ...(file !== null && !("problem" in file) && { results: json(valuesOf(file)) }),
      ...forgotten,
    })
    .where("id", "=", row.id)
    .execute();
  if (row.spec.recommission && judged.status === "passed") await repeatBuiltins(tx, row.set_id, machine, now);
  if (isLshw(row.name) && judged.status === "passed") await saveLshwResult(tx, machine.id, row.id);
  return [endedEvent(machine, row, { ...end, ...judged }, now)];
}

function valuesOf({
  results,
  link,
}: {
  results: Record<string, unknown>;
  link: boolean | null;
}): Record<string, unknown> {
  return link === null ? results : { ...results, link_connected: link };
}

function outcome(
  end: RunEnd,
  file: ReturnType<typeof readResultFile> | null,
): { status: ScriptStatus; error: string | null } {
  const error = end.error ?? null;
  // Only a script that ran to its end has the last word.
  if (file === null || (end.status !== "passed" && end.status !== "failed")) return { status: end.status, error };
  if ("problem" in file) return { status: "failed", error: file.problem };
  return { status: file.status ?? end.status, error };
}
