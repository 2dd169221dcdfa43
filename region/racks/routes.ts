import { pageOf, rack } from "@rackwright/contract";
import type { preHandlerAsyncHookHandler } from "fastify";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { pageOfRacks, rackList } from "./rows.ts";

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
        querystring: listQuery(rackList),
        response: { 200: pageOf(rack) },
      },
    },
    async ({ query }) => pageOfRacks(deps.db, deps.clock.now(), query),
  );
}
