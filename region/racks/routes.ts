import { pageOf, pageQuery, rack } from "@rackwright/contract";
import type { preHandlerAsyncHookHandler } from "fastify";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { listRacks } from "./rows.ts";

/** Who may call a route; the hooks of region/http. */
export type Guards = { user: preHandlerAsyncHookHandler; administrator: preHandlerAsyncHookHandler };

/** `GET /api/v1/racks`. */
export function registerRackRoutes(app: App, deps: { db: Database; clock: Clock; guards: Guards }): void {
  app.get(
    "/api/v1/racks",
    {
      preHandler: deps.guards.user,
      schema: {
        summary: "List rack controllers",
        tags: ["racks"],
        querystring: pageQuery,
        response: { 200: pageOf(rack) },
      },
    },
    async ({ query }) => {
      const items = await listRacks(deps.db, deps.clock.now(), query.cursor, query.limit + 1);
      const page = items.slice(0, query.limit);
      return { items: page, next: items.length > query.limit ? (page.at(-1)?.name ?? null) : null };
    },
  );
}
