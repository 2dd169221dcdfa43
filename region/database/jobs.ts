import type pg from "pg";
import { PgBoss } from "pg-boss";

/** Schema of pg-boss's tables, beside ours in `public`. */
export const jobsSchema = "jobs";
/** Power commands towards BMCs. */
export const powerQueue = "power";
/** Events on their way to webhooks. */
export const webhookQueue = "webhooks";
/** NOTIFY channel that wakes the power workers of every region. */
export const jobsChannel = "rackwright_jobs";

/**
 * pg-boss over our own pool. `serve` also runs its upkeep (expired and old jobs); without it the instance only sends,
 * fetches and completes. The caller starts and stops it.
 */
export function openJobs(pool: pg.Pool, { serve }: { serve: boolean }): PgBoss {
  return new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values) },
    schema: jobsSchema,
    supervise: serve,
    schedule: false,
    migrate: !serve,
    createSchema: !serve,
  });
}

/** Creates or upgrades the job tables and queues; several regions at once take turns. */
export async function installJobs(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    // pg-boss's own lock does not cover the creation of its schema.
    await client.query("select pg_advisory_lock(hashtext('rackwright jobs'))");
    await installAlone(pool);
  } finally {
    // Ends the session and the lock with it.
    client.release(true);
  }
}

async function installAlone(pool: pg.Pool): Promise<void> {
  const boss = openJobs(pool, { serve: false });
  const errors: Error[] = [];
  boss.on("error", (error: Error) => errors.push(error));
  await boss.start();
  try {
    // How often and until when a command is tried again is decided with each job; a crash is noticed by its lock.
    await boss.createQueue(powerQueue, { deleteAfterSeconds: 24 * 3600, expireInSeconds: 3600 });
    await boss.createQueue(webhookQueue, { deleteAfterSeconds: 24 * 3600, expireInSeconds: 60 });
  } finally {
    await boss.stop({ graceful: false });
  }
  if (errors[0]) throw errors[0];
}
