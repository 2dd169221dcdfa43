import { pool, poolCreate, poolUpdate } from "@rackwright/contract";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { registerPlaceRoutes } from "../zones/place-routes.ts";

/** `/api/v1/pools`. */
export function registerPoolRoutes(routes: App, deps: { db: Database; clock: Clock }): void {
  const schemas = { item: pool, create: poolCreate, update: poolUpdate };
  registerPlaceRoutes(routes, deps, { kind: "pool", path: "/api/v1/pools", title: "resource pool", schemas });
}
