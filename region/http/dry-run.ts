import type { Plan } from "@rackwright/contract";
import { sql } from "kysely";
import { jobsSchema, powerQueue } from "../database/jobs.ts";
import type { Database } from "../database/pool.ts";
import type { PowerJob } from "../power/enqueue.ts";
import type { Representation } from "./representation.ts";

/** The id of the newest event the transaction sees, before it writes its own. */
export async function newestEvent(db: Database): Promise<number> {
  const { newest } = await db
    .selectFrom("events")
    .select(sql<number>`coalesce(max(id), 0)`.as("newest"))
    .executeTakeFirstOrThrow();
  return newest;
}

/**
 * What the open transaction did so far, to be told before it is taken back. Others' events and jobs are none of it, since
 * it sees the database as it was when it began.
 */
export async function readPlan(
  db: Database,
  { since, before, after, status }: { since: number; before: Representation | null; after: unknown; status: number },
): Promise<Plan> {
  const events = await db
    .selectFrom("events")
    .select(["at", "type", "level", "machine_id", "mac", "rack", "actor", "message", "data", "failure"])
    .where("id", ">", since)
    .orderBy("id")
    .execute();
  const { rows: jobs } = await sql<{ data: PowerJob }>`
    select data from ${sql.table(`${jobsSchema}.job`)}
    where name = ${powerQueue} and created_on = transaction_timestamp() order by id`.execute(db);
  return {
    dry_run: true,
    status,
    before: before?.thing ?? null,
    after: after ?? null,
    changed: differences(before?.thing ?? null, after),
    events: events.map((event) => ({ ...event, at: event.at.toISOString() })),
    power: jobs.map(({ data }) => ({
      machine_id: data.machineId,
      action: data.action,
      boot_device: data.bootDevice,
    })),
  };
}

function differences(before: object | null, after: unknown): string[] {
  if (before === null || typeof after !== "object" || after === null) return [];
  const [one, other] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...one.keys()].filter((name) => JSON.stringify(one.get(name)) !== JSON.stringify(other.get(name)));
}
