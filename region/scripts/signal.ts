import type { ScriptStatus } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import { appendEvents } from "../events/append.ts";
import type { MachineRow } from "../machines/fire.ts";
import { keepResult } from "./foreign.ts";
import { type Piece, replaceOutput } from "./output.ts";
import { endRun } from "./end.ts";

/** What a script runner of MAAS's kind tells of one script. Streams it does not send are null. */
export type ScriptSignal = {
  /** Of the result, as the archive of scripts named it. */
  id: number | null;
  name: string;
  exit_status: number | null;
  /** Seconds. */
  runtime: number;
  out: Buffer | null;
  err: Buffer | null;
  /** The result file. */
  file: string | null;
};

/** How a run stands that did not end. */
const standings: Readonly<Record<string, ScriptStatus>> = {
  INSTALLING: "installing dependencies",
  APPLYING_NETCONF: "applying network configuration",
};

/** How a run ended, by what its runner was busy with. */
function endOf(signal: string, exit: number): ScriptStatus {
  if (signal === "TIMEDOUT") return "timed out";
  if (exit === 0) return "passed";
  if (signal === "INSTALLING") return "failed installing dependencies";
  return signal === "APPLYING_NETCONF" ? "failed applying network configuration" : "failed";
}

/**
 * Takes what a signal tells of one script: that it runs, or how it ended with all of its output. A script is known by the
 * id of its result, else by its name; one that nobody asked for is kept, but does not count.
 *
 * @throws Denied for a result of another machine
 */
export async function takeScriptSignal(
  tx: Transaction,
  machine: MachineRow,
  status: string,
  { id, name, exit_status, runtime, out, err, file, words }: ScriptSignal & { words: string },
  now: Date,
): Promise<void> {
  const row = await tx
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .selectAll("r")
    .where("r.machine_id", "=", machine.id)
    .$if(id !== null, (query) => query.where("r.id", "=", id ?? 0))
    .$if(id === null, (query) =>
      query
        .where("r.name", "=", name)
        .where("r.ended_at", "is", null)
        .where(
          sql<boolean>`r.set_id in (select max(id) from script_sets n where n.machine_id = ${machine.id} group by n.type)`,
        ),
    )
    .orderBy("r.id")
    .limit(1)
    .forUpdate("r")
    .executeTakeFirst();
  if (row === undefined) {
    if (id !== null)
      throw new Denied(`Result ${id} is none of machine ${machine.id}.`, 403, {
        next: "Fetch maas-scripts again: its index names the results to tell of.",
      });
    const result = { name, runtime, out: out ?? Buffer.alloc(0), err: err ?? Buffer.alloc(0) };
    return keepResult(tx, machine, { ...result, ...(exit_status !== null && { exit_status }) }, now);
  }
  if (row.ended_at !== null) return;
  const pieces: Piece[] = [
    ...(out === null ? [] : [{ stream: "out" as const, offset: 0, data: out }]),
    ...(err === null ? [] : [{ stream: "err" as const, offset: 0, data: err }]),
  ];
  if (pieces.length > 0) await replaceOutput(tx, row.id, pieces);
  const standing = standings[status] ?? "running";
  await tx
    .updateTable("script_results")
    .set({ status: standing, ...(row.started_at === null && { started_at: now }) })
    .where("id", "=", row.id)
    .execute();
  if (exit_status === null) return;
  const end = { status: endOf(status, exit_status), exit_status, runtime };
  const told = { ...end, ...(words !== "" && { error: words }), ...(file !== null && { result: file }) };
  await appendEvents(tx, await endRun(tx, machine, row, told, now));
}
