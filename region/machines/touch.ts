import { type Kysely, sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { deadlines } from "../settings/settings.ts";
import { timedStatuses } from "./lifecycle.ts";

/** Limits that were never set have these. */
const defaults = json(deadlines.parse({}));

/**
 * A sign of life: moves the machine's deadline to `silence` seconds from now, never beyond `total` seconds after the
 * status began. Says who is waited for next, where `waitsFor` is given. Nothing happens in a status without an end. One
 * statement, since every request of every machine comes here.
 */
export async function touch(db: Kysely<Tables>, machineId: string, now: Date, waitsFor?: string): Promise<void> {
  const limit = (name: "silence" | "total") =>
    sql`make_interval(secs => (limits -> coalesce(patience, status) ->> ${name})::int)`;
  await sql`
    update machines set
      deadline = least(${now}::timestamptz + ${limit("silence")}, status_since + ${limit("total")}),
      waits_for = coalesce(${waitsFor ?? null}, waits_for)
    from (
      select ${defaults}::jsonb || coalesce((select value from settings where name = 'deadlines'), '{}') as limits
    ) known
    where id = ${machineId} and status = any(${timedStatuses}::text[])`.execute(db);
}
