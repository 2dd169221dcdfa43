import type { Failure, ScriptRun, ScriptStatus, ScriptType } from "@rackwright/contract";
import {
  makeFailure,
  networkNotApplied,
  packagesNotInstalled,
  scriptFailed,
  scriptNotRun,
  scriptTimedOut,
} from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { lastLines } from "./output-read.ts";
import { hidden, timeoutOf } from "./parameters.ts";

/** Statuses of a run that has begun and not ended. */
export const activeStatuses = ["installing dependencies", "applying network configuration", "running"] as const;
/** Statuses that count against the machine. */
export const failedStatuses = [
  "failed",
  "timed out",
  "failed installing dependencies",
  "failed applying network configuration",
] as const;

/** What is no longer needed once a run ended: its arguments, and what passwords are in its parameters. */
export const forgotten = {
  arguments: null,
  parameters: sql<string>`(select coalesce(jsonb_object_agg(key,
    case when spec #>> array['parameters', key, 'type'] = 'password' then to_jsonb(${hidden}::text) else value end), '{}')
    from jsonb_each(script_results.parameters))`,
};

/** The newest set of a type of a machine, as a subquery for its id. */
function newestSet(tx: Kysely<Tables>, machineId: string, type: ScriptType) {
  return tx
    .selectFrom("script_sets")
    .select("id")
    .where("machine_id", "=", machineId)
    .where("type", "=", type)
    .orderBy("id", "desc")
    .limit(1);
}

/**
 * The runs of a type that the machine's agent shall carry out now: those that did not begin, and those that restarted
 * the machine, as they may. Runs that wait for the inventory come later.
 */
export async function pendingScripts(tx: Transaction, machineId: string, type: ScriptType): Promise<ScriptRun[]> {
  const rows = await tx
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .select(["r.id", "r.name", "r.sha256", "r.spec", "r.arguments", "r.started_at"])
    .where("r.set_id", "=", newestSet(tx, machineId, type))
    .where("s.closed_at", "is", null)
    .where("r.ended_at", "is", null)
    .where("r.arguments", "is not", null)
    .where("r.sha256", "is not", null)
    .where(sql<boolean>`(r.status = 'pending' or (r.spec ->> 'may_reboot')::boolean)`)
    .orderBy("r.id")
    .limit(10_000)
    .execute();
  return rows.map(({ id, name, sha256, spec, arguments: values, started_at }) => ({
    result_id: id,
    name,
    type,
    sha256: sha256 ?? "",
    size: spec.size,
    hardware_type: spec.hardware_type,
    parallel: spec.parallel,
    timeout_seconds: timeoutOf(values ?? [], spec.timeout),
    arguments: values ?? [],
    packages: spec.packages,
    may_reboot: spec.may_reboot,
    apply_configured_networking: spec.apply_configured_networking,
    started: started_at !== null,
  }));
}

/**
 * The text of a script that the machine has to run.
 *
 * @throws NotFound for the text of any other
 */
export async function scriptText(db: Kysely<Tables>, machineId: string, sha256: string): Promise<string> {
  const row = await db
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .innerJoin("script_texts as t", "t.sha256", "r.sha256")
    .select("t.text")
    .where("r.machine_id", "=", machineId)
    .where("r.sha256", "=", sha256)
    .where("r.ended_at", "is", null)
    .where("s.closed_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) return row.text;
  throw new NotFound(`No script of this machine that has yet to run has the text ${sha256}.`, {
    next: "Ask for the task again (GET /agent/v1/task): it names the scripts to run.",
  });
}

/** Whether a machine whose commissioning went well has tests to run. */
export async function testsPending(tx: Transaction, machineId: string): Promise<boolean> {
  const row = await tx
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .select("r.id")
    .where("r.set_id", "=", newestSet(tx, machineId, "testing"))
    .where("s.closed_at", "is", null)
    .where("r.ended_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export type Ending = {
  status: Extract<ScriptStatus, "aborted" | "timed out" | "failed">;
  error: string;
  now: Date;
  /** Only scripts of this type. */
  type?: ScriptType;
};

/** Ends every run of the machine that has not ended, begun or not, and closes their sets. Returns how many there were. */
export async function endScripts(
  tx: Transaction,
  machineId: string,
  { status, error, now, type }: Ending,
): Promise<number> {
  const closed = await tx
    .updateTable("script_sets")
    .set({ closed_at: now })
    .where("machine_id", "=", machineId)
    .where("closed_at", "is", null)
    .$if(type !== undefined, (query) => query.where("type", "=", type ?? "testing"))
    .returning("id")
    .execute();
  if (closed.length === 0) return 0;
  const ended = await tx
    .updateTable("script_results")
    .set({ status, error: error.slice(0, 2000), ended_at: now, ...forgotten })
    .where(
      "set_id",
      "in",
      closed.map(({ id }) => id),
    )
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return Number(ended.numUpdatedRows);
}

const causes = {
  failed: scriptFailed,
  "timed out": scriptTimedOut,
  "failed installing dependencies": packagesNotInstalled,
  "failed applying network configuration": networkNotApplied,
} as const;
const toldRuns = 5;

/**
 * What the newest set of a type says of the machine: null when nothing failed that counts, else why, with the last
 * output of what failed first.
 */
export async function scriptsVerdict(tx: Transaction, machineId: string, type: ScriptType): Promise<Failure | null> {
  const rows = await tx
    .selectFrom("script_results")
    .select(["id", "name", "device", "status", "exit_status", "error", "started_at"])
    .where("set_id", "=", newestSet(tx, machineId, type))
    .where("suppressed", "=", false)
    .where((eb) => eb.or([eb("status", "in", [...failedStatuses]), eb("ended_at", "is", null)]))
    .orderBy("ended_at")
    .orderBy("id")
    .execute();
  const [first] = rows;
  if (first === undefined) return null;
  const titled = rows.map((row) => ({ ...row, title: row.device === null ? row.name : `${row.name} (${row.device})` }));
  const output = await lastLines(
    tx,
    rows.slice(0, toldRuns).map(({ id }) => id),
  );
  const evidence = titled.slice(0, toldRuns).flatMap((row) => {
    const exit = row.exit_status === null ? "" : `, exit status ${row.exit_status}`;
    const reason = row.error === null ? "" : `: ${row.error}`;
    return [`${row.title}: ${row.status}${exit}${reason}`, ...(output.get(row.id) ?? []).map((line) => `  ${line}`)];
  });
  const names =
    titled
      .slice(0, 20)
      .map(({ title }) => title)
      .join(", ") + (titled.length > 20 ? ", …" : "");
  const cause = failedStatuses.some((status) => status === first.status)
    ? causes[first.status as keyof typeof causes]
    : scriptNotRun;
  const words = rows.length === 1 ? `The ${type} script ${names}` : `${rows.length} ${type} scripts`;
  const ended =
    cause === scriptNotRun
      ? "did not run to an end"
      : first.status === "timed out" && rows.length === 1
        ? "timed out"
        : "failed";
  const message = rows.length === 1 ? `${words} ${ended}.` : `${words} ${ended}: ${names}.`;
  // The command in the advice is this machine's.
  const next = cause.next.replace("results MACHINE --output NAME", `results ${machineId} --output ${first.name}`);
  return makeFailure(cause, message, evidence, next);
}
