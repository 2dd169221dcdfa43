import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import { appendEvents } from "../events/append.ts";
import { activeStatuses, forgotten } from "./runs.ts";

/** What the runner on the machine gets beyond a script's own time to end it and tell. */
const graceSeconds = 300;

/**
 * Ends every run that is five minutes beyond its time without a word, as timed out. Any region may do it at any time.
 * The machine is left alone: its other scripts go on, and when it is silent altogether its own deadline ends it.
 * Returns the ids of the runs.
 */
export async function sweepScripts(db: Database, now: Date): Promise<number[]> {
  return db.transaction().execute(async (tx) => {
    // The runtime parameter of a run takes the place of its script's time.
    const limit = sql<number>`coalesce((select nullif(value ->> 'value', '')::int from jsonb_array_elements(r.arguments) as value
      where value ->> 'type' = 'runtime' limit 1), (r.spec ->> 'timeout')::int)`;
    const overdue = await tx
      .selectFrom("script_results as r")
      .innerJoin("script_sets as s", "s.id", "r.set_id")
      .select(["r.id", "r.machine_id", "r.name", "r.device", limit.as("limit")])
      .where("r.ended_at", "is", null)
      .where("r.started_at", "is not", null)
      .where("r.status", "in", [...activeStatuses])
      .where(limit, ">", 0)
      .where(sql<boolean>`r.started_at + make_interval(secs => ${limit} + ${graceSeconds}) <= ${now}`)
      .orderBy("r.id")
      .limit(1000)
      .forUpdate("r")
      .skipLocked()
      .execute();
    if (overdue.length === 0) return [];
    const ids = overdue.map(({ id }) => id);
    await tx
      .updateTable("script_results")
      .set({
        status: "timed out",
        ended_at: now,
        error: "It ran five minutes longer than it may, and its end was not told.",
        ...forgotten,
      })
      .where("id", "in", ids)
      .execute();
    await appendEvents(
      tx,
      overdue.map(({ id, machine_id, name, device, limit: seconds }) => ({
        type: "agent.result" as const,
        level: "warning" as const,
        at: now,
        machine_id,
        actor: "region",
        message: `${device === null ? name : `${name} (${device})`}: timed out after ${seconds} seconds, its end was not told`,
        data: { name, result_id: id, device, status: "timed out", exit_status: null, seconds: null },
      })),
    );
    return ids;
  });
}
