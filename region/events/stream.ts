import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Caller } from "../users/access.ts";
import type { Database } from "../database/pool.ts";
import { type EventFilter, readBetween } from "./read.ts";
import type { EventTail } from "./tail.ts";

/** Events written before the client must have taken them. */
const batch = 200;

export type StreamOptions = {
  db: Database;
  tail: EventTail;
  filter: EventFilter;
  /** Who listens, asked again with every sign of life: rights that are taken away end what is shown. Null ends it all. */
  viewer?: () => Promise<Caller | null>;
  /** Id of the last event the client has, or undefined to begin with what happens from now on. */
  after: number | undefined;
  /** Ends the stream when the region stops. */
  signal: AbortSignal;
  /** Milliseconds between signs of life. */
  heartbeat?: number;
  /** Milliseconds a client may leave what was sent untaken before it is dropped; it resumes where it was. */
  slowLimit?: number;
};

/**
 * Sends events as server-sent events (WHATWG HTML 9.2) until the client goes: `id` is the cursor to resume from, `data`
 * the event as JSON. The client is never more than one batch ahead of its connection, the table is the buffer.
 */
export async function streamEvents(response: ServerResponse, options: StreamOptions): Promise<void> {
  const { db, tail, filter, heartbeat = 15_000, slowLimit = 30_000 } = options;
  let cursor = options.after ?? tail.through();
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, options.signal]);
  response.on("close", () => gone.abort());
  response.on("error", () => gone.abort());
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  const write = async (text: string) => {
    if (signal.aborted || response.write(text)) return;
    const slow = AbortSignal.timeout(slowLimit);
    await once(response, "drain", { signal: AbortSignal.any([signal, slow]) }).catch(() => {
      if (slow.aborted) response.destroy();
      gone.abort();
    });
  };
  let viewer = await options.viewer?.();
  if (viewer === null) gone.abort();
  const look = async () => {
    const now = await options.viewer?.().catch(() => null);
    if (now === null) gone.abort();
    viewer = now;
  };
  const beat = setInterval(() => {
    if (response.writableLength === 0) response.write(": alive\n\n");
    if (options.viewer !== undefined) void look();
  }, heartbeat);
  try {
    await write(`retry: 1000\n\n`);
    while (!signal.aborted) {
      const through = tail.through();
      if (through > cursor) {
        const read = await readBetween(
          db,
          { ...filter, viewer: viewer ?? undefined },
          { after: cursor, through, limit: batch },
        );
        const text = read.events.map((event) => `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`).join("");
        if (text !== "") await write(text);
        cursor = read.through;
      } else await tail.past(cursor, signal);
    }
  } finally {
    clearInterval(beat);
    response.end();
  }
}
