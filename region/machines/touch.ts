import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { readSettings } from "../settings/settings.ts";
import { type TimedStatus, timedStatuses } from "./lifecycle.ts";

/**
 * A sign of life: moves the machine's deadline to `silence` seconds from now, never beyond `total` seconds after the
 * status began. Says who is waited for next, where `waitsFor` is given. Nothing happens in a status without an end.
 */
export async function touch(db: Kysely<Tables>, machineId: string, now: Date, waitsFor?: string): Promise<void> {
  const { deadlines } = await readSettings(db);
  const perStatus = (pick: (limits: { silence: number; total: number }) => number) =>
    sql<number>`case status ${sql.join(
      timedStatuses.map((status: TimedStatus) => sql`when ${status} then ${pick(deadlines[status])}::int`),
      sql` `,
    )} end`;
  const moved = sql<Date>`least(
    ${now}::timestamptz + make_interval(secs => ${perStatus(({ silence }) => silence)}),
    status_since + make_interval(secs => ${perStatus(({ total }) => total)}))`;
  await db
    .updateTable("machines")
    .set({ deadline: moved, ...(waitsFor !== undefined && { waits_for: waitsFor }) })
    .where("id", "=", machineId)
    .where("status", "in", [...timedStatuses])
    .execute();
}
