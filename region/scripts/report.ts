import type { AgentReport } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { type NewEvent, appendEvents } from "../events/append.ts";
import type { MachineRow } from "../machines/fire.ts";
import { appendOutput } from "./output.ts";
import { activeStatuses, forgotten } from "./runs.ts";
import { type ScriptReport, type Run, runsOf } from "./reported.ts";
import { endRun } from "./end.ts";
import { begunEvent } from "./run-events.ts";

type OutputReport = Extract<AgentReport, { kind: "output" }>;

/**
 * Takes what an agent reports of its scripts: output, and how each of them stands. `run` is the agent's; a script that
 * another run reports on began anew, as after a restart of the machine.
 *
 * @throws Denied, StateConflict
 */
export async function takeScriptReports(
  tx: Transaction,
  machine: Pick<MachineRow, "id" | "boot_mac" | "inventory">,
  run: string,
  reports: readonly AgentReport[],
  now: Date,
): Promise<void> {
  const told = reports.filter(
    (one): one is ScriptReport | OutputReport => one.kind === "script" || one.kind === "output",
  );
  const ids = [...new Set(told.map(({ result_id }) => result_id))];
  if (ids.length === 0) return;
  const events: NewEvent[] = [];
  for (const row of await runsOf(tx, machine, ids)) {
    const own = told.filter(({ result_id }) => result_id === row.id);
    const again = row.run !== null && row.run !== run && row.ended_at === null;
    if (row.ended_at !== null && row.run !== run) continue;
    const pieces = own.flatMap((one) =>
      one.kind === "output" ? [{ stream: one.stream, offset: one.offset, data: Buffer.from(one.data, "base64") }] : [],
    );
    if (pieces.length > 0 || again) await appendOutput(tx, row.id, pieces, again);
    if (row.ended_at === null)
      events.push(
        ...(await takeStatuses(
          tx,
          machine,
          row,
          run,
          own.filter((one) => one.kind === "script"),
          now,
        )),
      );
  }
  await appendEvents(tx, events);
}

async function takeStatuses(
  tx: Transaction,
  machine: Pick<MachineRow, "id" | "boot_mac" | "inventory">,
  row: Run,
  run: string,
  reports: readonly ScriptReport[],
  now: Date,
): Promise<NewEvent[]> {
  const told = reports.filter(({ status }) => status !== "pending");
  const isEnd = ({ status }: ScriptReport) => !activeStatuses.some((active) => active === status);
  const end = told.find(isEnd);
  const last = end ?? told.at(-1);
  const begins = row.started_at === null || row.run !== run;
  await tx
    .updateTable("script_results")
    .set({ run, ...(begins && { started_at: now }), ...(last && !end && { status: last.status }) })
    .where("id", "=", row.id)
    .execute();
  const began = begins && told.some((one) => !isEnd(one)) ? [begunEvent(machine, row, now)] : [];
  return end === undefined ? began : [...began, ...(await endRun(tx, machine, row, end, now))];
}

/** A new run of the agent began: what another run left running and may not restart the machine is over. */
export async function agentRestarted(tx: Transaction, machineId: string, run: string, now: Date): Promise<void> {
  await tx
    .updateTable("script_results")
    .set({
      status: "failed",
      error: "The machine or its agent restarted while the script ran.",
      ended_at: now,
      ...forgotten,
    })
    .where("machine_id", "=", machineId)
    .where("ended_at", "is", null)
    .where("run", "is not", null)
    .where("run", "!=", run)
    .where(sql<boolean>`not (spec ->> 'may_reboot')::boolean`)
    .execute();
}
