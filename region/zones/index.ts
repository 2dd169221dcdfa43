import { zone, zoneCreate, zoneUpdate } from "@rackwright/contract";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { registerPlaceRoutes } from "./place-routes.ts";

export { setPlace } from "./set-place.ts";

/** `/api/v1/zones`. */
export function registerZoneRoutes(routes: App, deps: { db: Database; clock: Clock }): void {
  const schemas = { item: zone, create: zoneCreate, update: zoneUpdate };
  registerPlaceRoutes(routes, deps, { kind: "zone", path: "/api/v1/zones", title: "zone", schemas });
}
