import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../log.ts";

/** Called with the payload of a NOTIFY, or with null after (re)connecting: something may have been missed. */
export type NotificationHandler = (payload: string | null) => void;

export type Notifications = {
  /** Hears a channel from now on; the returned function ends that. */
  listen(channel: string, handler: NotificationHandler): () => void;
  close(): Promise<void>;
};

/** One connection of this process for LISTEN, opened again whenever it breaks. */
export function openNotifications({ url, log }: { url: string; log: Log }): Notifications {
  const handlers = new Map<string, Set<NotificationHandler>>();
  const stop = new AbortController();
  let client: pg.Client | null = null;

  const tell = (channel: string, payload: string | null) => {
    for (const handler of handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        log.error({ channel, error: String(error) }, "a notification handler failed");
      }
    }
  };
  const subscribe = async (to: pg.Client, channel: string) => {
    await to.query(`listen ${to.escapeIdentifier(channel)}`);
    tell(channel, null);
  };

  const connectOnce = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, keepAlive: true });
    const broken = new Promise<void>((resolve) => {
      next.once("end", resolve);
      next.on("error", () => resolve());
    });
    next.on("notification", ({ channel, payload }) => tell(channel, payload ?? ""));
    try {
      await next.connect();
      client = next;
      for (const channel of handlers.keys()) await subscribe(next, channel);
      await Promise.race([broken, aborted(stop.signal)]);
    } finally {
      client = null;
      await next.end().catch(() => {});
    }
  };
  const running = (async () => {
    for (let delay = 100; !stop.signal.aborted; delay = Math.min(delay * 2, 5000)) {
      const since = performance.now();
      await connectOnce().catch((error: unknown) => {
        log.warn({ error: String(error) }, "the connection for notifications failed");
      });
      if (performance.now() - since > 10_000) delay = 100;
      await sleep(delay, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    listen: (channel, handler) => {
      const known = handlers.get(channel);
      if (known) known.add(handler);
      else handlers.set(channel, new Set([handler]));
      if (client !== null && !known) void subscribe(client, channel).catch(() => {});
      else if (client !== null) handler(null);
      return () => handlers.get(channel)?.delete(handler);
    },
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
