import { event, pageOf, tooManyStreams } from "@rackwright/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Database } from "../database/pool.ts";
import { OutsideDown } from "../errors.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import type { Caller } from "../users/access.ts";
import type { Log } from "../log.ts";
import { eventQuery, lastEventId, streamQuery } from "./query.ts";
import { listEvents } from "./read.ts";
import { streamEvents } from "./stream.ts";
import type { EventTail } from "./tail.ts";

export type EventDeps = {
  db: Database;
  tail: EventTail;
  log: Log;
  /** Aborted when the region stops. */ signal: AbortSignal;
  /** Finds out anew who asks; null for nobody any more. */
  identify?: (request: FastifyRequest) => Promise<Caller | null>;
  /** Streams one region process keeps open. */
  streamLimit?: number;
};

/** The limit where none is given. */
const mostStreams = 500;

/** Routes of the event stream: pages, and server-sent events that resume. */
export function registerEventRoutes(
  routes: App,
  { db, tail, log, signal, identify, streamLimit = mostStreams }: EventDeps,
): void {
  let open = 0;
  routes.get(
    "/api/v1/events",
    { schema: { tags: ["events"], summary: "List events", querystring: eventQuery, response: { 200: pageOf(event) } } },
    async (incoming) => {
      const { limit, cursor, order, ...filter } = incoming.query;
      return listEvents(db, { ...filter, viewer: callerOf(incoming) }, { limit, cursor, order });
    },
  );

  const stream = async (
    request: FastifyRequest<{ Querystring: z.output<typeof streamQuery> }>,
    reply: FastifyReply,
  ): Promise<void> => {
    if (open >= streamLimit)
      throw new OutsideDown(`This region serves ${streamLimit} event streams already.`, tooManyStreams);
    const { cursor, ...filter } = request.query;
    const caller = callerOf(request);
    const viewer = async () => (identify === undefined ? caller : identify(request));
    const resumed = lastEventId.safeParse(request.headers["last-event-id"]);
    reply.hijack();
    open++;
    try {
      await streamEvents(reply.raw, {
        db,
        tail,
        filter,
        viewer,
        after: resumed.success ? resumed.data : cursor,
        signal,
      });
    } catch (error) {
      // The client connects again and goes on where it was.
      log.warn({ error: String(error) }, "an event stream ended");
      reply.raw.destroy();
    } finally {
      open--;
    }
  };
  const schema = {
    tags: ["events"],
    summary: "Events as they happen (server-sent events), resumed by Last-Event-ID",
    querystring: streamQuery,
  };
  routes.get("/api/v1/events/stream", { schema }, stream);
  routes.get("/events", { schema: { ...schema, hide: true } }, stream);
}
