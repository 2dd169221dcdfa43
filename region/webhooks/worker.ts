import { setTimeout as sleep } from "node:timers/promises";
import type { PgBoss } from "pg-boss";
import type { Clock } from "../clock.ts";
import { jobsChannel, webhookQueue } from "../database/jobs.ts";
import type { Notifications } from "../database/listen.ts";
import type { Database } from "../database/pool.ts";
import type { EventTail } from "../events/tail.ts";
import type { Log } from "../log.ts";
import { type DeliverDeps, deliver } from "./deliver.ts";
import { type Retries, makeDeliveries, usualRetries } from "./deliveries.ts";

export type WebhookOptions = {
  db: Database;
  jobs: PgBoss;
  notifications: Notifications;
  tail: EventTail;
  clock: Clock;
  log: Log;
  version: string;
  /** Requests at once. */
  concurrency?: number;
  /** Milliseconds between looks at the queue when nothing woke us, and between looks at the events. */
  pollEvery?: number;
  retries?: Retries;
  patience?: number;
  sending?: DeliverDeps["sending"];
};

/** Three days. */
const usualPatience = 72 * 3_600_000;

/**
 * Tells events to webhooks: one loop makes deliveries of what is new in the stream, another sends them, several at once.
 * Every region does both; what one was about to send when it died is sent by another when the job expires.
 */
export function startWebhooks(options: WebhookOptions): { stop(): Promise<void> } {
  const { db, jobs, notifications, tail, clock, log, version } = options;
  const { concurrency = 16, pollEvery = 1000, retries = usualRetries, patience = usualPatience, sending } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = new Set<Promise<void>>();
  let wake = () => {};

  const runOne = async (job: string, delivery: number, last: boolean): Promise<void> => {
    try {
      const deps = { db, now: () => clock.now(), version, patience, ...(sending !== undefined && { sending }) };
      if ((await deliver(delivery, last, deps)) === "done") await jobs.complete(webhookQueue, job);
      else await jobs.fail(webhookQueue, job);
    } catch (error) {
      log.warn({ delivery, error: String(error) }, "a delivery to a webhook could not be made");
      await jobs.fail(webhookQueue, job).catch(() => {});
    }
  };

  const take = async (): Promise<void> => {
    const free = concurrency - running.size;
    if (free <= 0) return;
    const found = await jobs.fetch<{ delivery: number }>(webhookQueue, { batchSize: free, includeMetadata: true });
    for (const { id, data, retryCount, retryLimit } of found) {
      const one = runOne(id, data.delivery, retryCount >= retryLimit).finally(() => {
        running.delete(one);
        wake();
      });
      running.add(one);
    }
  };

  const pause = async (milliseconds: number, woken?: AbortSignal): Promise<void> => {
    const either = woken === undefined ? signal : AbortSignal.any([signal, woken]);
    await sleep(milliseconds, undefined, { signal: either }).catch(() => {});
  };

  const sender = (async () => {
    while (!signal.aborted) {
      const woken = new AbortController();
      wake = () => woken.abort();
      await take().catch((error: unknown) =>
        log.warn({ error: String(error) }, "the queue of webhooks could not be read"),
      );
      await pause(pollEvery, woken.signal);
    }
    await Promise.all(running);
  })();

  const maker = (async () => {
    let seen = -1;
    while (!signal.aborted) {
      const through = tail.through();
      let more = true;
      try {
        more = await makeDeliveries(db, through, clock.now(), retries);
      } catch (error) {
        log.warn({ error: String(error) }, "events could not be told to webhooks");
      }
      if (!more) seen = through;
      // However many events come in, they are looked at a few times a second only.
      await pause(Math.min(pollEvery, 250));
      if (!more) await tail.past(seen, signal);
    }
  })();

  const unlisten = notifications.listen(jobsChannel, () => wake());
  return {
    stop: async () => {
      unlisten();
      stopping.abort();
      await Promise.all([sender, maker]);
    },
  };
}
