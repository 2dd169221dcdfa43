import { type Kysely, sql } from "kysely";
import { json } from "../database/pool.ts";
import { jobsChannel, jobsSchema, powerQueue } from "../database/jobs.ts";
import type { Tables } from "../database/tables.ts";
import type { PowerAction } from "@rackwright/contract";

/** A command for a machine's BMC. It is void as soon as the machine's `generation` moved on, or `until` has passed. */
export type PowerJob = {
  machineId: string;
  generation: number;
  action: PowerAction;
  bootDevice: "pxe" | "disk" | null;
  /** How it is switched off; hard where left out. `soft` asks the system to shut down. */
  stopMode?: "soft" | "hard";
  actor: string;
  /** Whether the machine's life waits for this command, so that its failure is the machine's. */
  decides: boolean;
  /** ISO instant after which it is given up. */
  until: string;
};

/** Tries at most: with the delays below that is far longer than any deadline; `until` is what ends it. */
const retryLimit = 1000;

/**
 * Puts a power command in the queue, in the caller's transaction: it exists if and only if the transition that asked for
 * it does. Writes pg-boss's job table directly (its documented way for other programs), because its own `send` needs a
 * started instance.
 */
export async function enqueuePower(db: Kysely<Tables>, job: PowerJob): Promise<void> {
  await enqueuePowers(db, [job]);
}

/** Puts several commands in the queue, in the order given, with one statement. */
export async function enqueuePowers(db: Kysely<Tables>, jobs: readonly PowerJob[]): Promise<void> {
  await sql`
    with queued as (
      insert into ${sql.table(`${jobsSchema}.job`)}
        (name, data, retry_limit, retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds)
      select ${powerQueue}, job, ${retryLimit}, 1, true, 15, 3600, 86400
      from jsonb_array_elements(${json(jobs)}::jsonb) with ordinality as given(job, n) order by n
    ) select pg_notify(${jobsChannel}, '')`.execute(db);
}
