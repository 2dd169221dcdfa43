import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { type PgBoss, fromKysely } from "pg-boss";
import type { Clock } from "../clock.ts";
import { jobsChannel, jobsSchema, powerQueue } from "../database/jobs.ts";
import type { Notifications } from "../database/listen.ts";
import type { SessionLocks } from "../database/locks.ts";
import type { Database } from "../database/pool.ts";
import type { Log } from "../log.ts";
import type { PowerJob } from "./enqueue.ts";
import { type RackPower, failureOf, runPowerJob } from "./perform.ts";

export type PowerWorkerOptions = {
  db: Database;
  jobs: PgBoss;
  locks: SessionLocks;
  notifications: Notifications;
  power: RackPower;
  clock: Clock;
  log: Log;
  /** Commands at once: BMCs are slow, and each waits for another one. */
  concurrency?: number;
  /** Milliseconds between looks at the queue when nothing woke us; tries to be repeated come up only by these. */
  pollEvery?: number;
  /** Milliseconds after which a job whose worker is gone is given to another. */
  orphanAfter?: number;
};

/**
 * Takes power jobs from the queue and runs them, several at once. While a job runs this process holds a lock named after
 * it in the database; a job that is marked as running but whose lock is free belongs to a process that died, and is put
 * back within seconds.
 */
export function startPowerWorker(options: PowerWorkerOptions): { stop(): Promise<void> } {
  const { db, jobs, locks, notifications, log, concurrency = 32, pollEvery = 1000, orphanAfter = 3000 } = options;
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let wake = () => {};

  const runOne = async (id: string, data: PowerJob, tries: number) => {
    const lock = `power job ${id}`;
    if (!(await locks.tryLock(lock))) return;
    try {
      const outcome = await runPowerJob(data, tries, {
        db,
        power: options.power,
        now: () => options.clock.now(),
        complete: async (tx) => void (await jobs.complete(powerQueue, id, null, { db: fromKysely(tx) })),
      });
      if (outcome === "again") await jobs.fail(powerQueue, id);
    } catch (error) {
      log.error(
        { job: id, machine: data.machineId, error: failureOf(error).message },
        "a power job failed, trying again",
      );
      await jobs.fail(powerQueue, id).catch(() => {});
    } finally {
      await locks.unlock(lock).catch(() => {});
    }
  };

  const recover = async () => {
    const { rows } = await sql<{ id: string }>`
      select id from ${sql.table(`${jobsSchema}.job`)}
      where name = ${powerQueue} and state = 'active' and started_on < now() - make_interval(secs => ${orphanAfter / 1000})
      limit 1000`.execute(db);
    for (const { id } of rows) {
      const lock = `power job ${id}`;
      if (running.has(id) || !(await locks.tryLock(lock))) continue;
      log.warn({ job: id }, "taking up a power job whose process ended");
      await jobs.fail(powerQueue, id);
      await locks.unlock(lock);
    }
  };

  const take = async () => {
    const free = concurrency - running.size;
    if (free <= 0) return;
    for (const { id, data, retryCount } of await jobs.fetch<PowerJob>(powerQueue, {
      batchSize: free,
      includeMetadata: true,
    })) {
      const done = runOne(id, data, retryCount).catch((error: unknown) => {
        log.error({ job: id, error: String(error) }, "a power job could not be run");
      });
      running.set(id, done);
      void done.finally(() => {
        running.delete(id);
        wake();
      });
    }
  };

  const loop = (async () => {
    let recoverAt = 0;
    while (!stopping.signal.aborted) {
      const woken = new AbortController();
      wake = () => woken.abort();
      try {
        if (performance.now() >= recoverAt) {
          recoverAt = performance.now() + orphanAfter;
          await recover();
        }
        await take();
      } catch (error) {
        log.warn({ error: String(error) }, "the power queue could not be read");
        await sleep(pollEvery, undefined, { signal: stopping.signal }).catch(() => {});
      }
      await sleep(pollEvery, undefined, { signal: AbortSignal.any([woken.signal, stopping.signal]) }).catch(() => {});
    }
    await Promise.all(running.values());
  })();
  const unlisten = notifications.listen(jobsChannel, () => wake());
  return {
    stop: async () => {
      unlisten();
      stopping.abort();
      await loop;
    },
  };
}
