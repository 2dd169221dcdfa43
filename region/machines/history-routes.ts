import { event, explanation, pageOf, systemId, timeline } from "@rackwright/contract";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { listEvents } from "../events/read.ts";
import { eventQuery } from "../events/query.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { requireVisible } from "../users/visible.ts";
import { explainMachine } from "./explain.ts";
import { readTimeline } from "./timeline.ts";

const tags = ["machines"];
const params = z.object({ id: systemId });

/** Routes of what became of a machine: why it is as it is, its phases, its events. */
export function registerHistoryRoutes(routes: App, db: Database): void {
  routes.get(
    "/api/v1/machines/:id/explanation",
    {
      schema: {
        tags,
        summary: "Why a machine is as it is: its failure with what it means, or what it waits for",
        params,
        response: { 200: explanation },
      },
    },
    async (incoming) => explainMachine(db, incoming.params.id, callerOf(incoming)),
  );

  routes.get(
    "/api/v1/machines/:id/timeline",
    { schema: { tags, summary: "Phases of a machine's life with their times", params, response: { 200: timeline } } },
    async (incoming) => {
      await requireVisible(db, incoming.params.id, callerOf(incoming));
      return readTimeline(db, incoming.params.id);
    },
  );

  routes.get(
    "/api/v1/machines/:id/events",
    {
      schema: {
        tags,
        summary: "Events of one machine",
        params,
        querystring: eventQuery.omit({ machine: true }),
        response: { 200: pageOf(event) },
      },
    },
    async (incoming) => {
      const { limit, cursor, order, ...filter } = incoming.query;
      const viewer = callerOf(incoming);
      await requireVisible(db, incoming.params.id, viewer);
      return listEvents(db, { ...filter, machine: incoming.params.id, viewer }, { limit, cursor, order });
    },
  );
}
