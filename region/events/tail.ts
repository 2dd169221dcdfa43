import { setTimeout as sleep } from "node:timers/promises";
import type { Notifications } from "../database/listen.ts";
import type { Database } from "../database/pool.ts";
import type { Log } from "../log.ts";
import { eventsChannel } from "./append.ts";
import { readSettled } from "./read.ts";

/** Milliseconds between two looks at the table, however many events come in. */
const pace = 50;
/** Milliseconds after which the table is looked at although nothing was notified. */
const patience = 10_000;

/** Knows how far the stream of events is settled, and wakes those who wait for more. */
export type EventTail = {
  /** Newest settled id. */
  through(): number;
  /** Resolves when there is more than `after`, or when the signal is aborted. */
  past(after: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/** Follows the end of the events table, one query for all readers of this process. */
export async function followEvents({
  db,
  notifications,
  log,
}: {
  db: Database;
  notifications: Notifications;
  log: Log;
}): Promise<EventTail> {
  let { through } = await readSettled(db);
  const waiting = new Set<() => void>();
  const stop = new AbortController();
  let notified = false;
  let wake = () => {};
  const unlisten = notifications.listen(eventsChannel, () => {
    notified = true;
    wake();
  });

  const run = async () => {
    while (!stop.signal.aborted) {
      notified = false;
      let again = false;
      try {
        const found = await readSettled(db);
        again = found.pending;
        if (found.through > through) {
          through = found.through;
          for (const tell of waiting) tell();
        }
      } catch (error) {
        log.warn({ error: String(error) }, "the events could not be followed");
      }
      const woken = new AbortController();
      wake = () => woken.abort();
      await sleep(pace, undefined, { signal: stop.signal }).catch(() => {});
      if (notified || again) continue;
      await sleep(patience, undefined, { signal: AbortSignal.any([stop.signal, woken.signal]) }).catch(() => {});
    }
  };
  const running = run();

  return {
    through: () => through,
    past: async (after, signal) => {
      const settled = () => through > after;
      while (!settled() && !signal.aborted)
        await new Promise<void>((resolve) => {
          const tell = () => {
            waiting.delete(tell);
            signal.removeEventListener("abort", tell);
            resolve();
          };
          waiting.add(tell);
          signal.addEventListener("abort", tell, { once: true });
        });
    },
    close: async () => {
      unlisten();
      stop.abort();
      await running;
      for (const tell of waiting) tell();
    },
  };
}
