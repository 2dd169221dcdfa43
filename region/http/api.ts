import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BootRouteDeps, registerBootRoutes } from "../boot/routes.ts";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { type EventDeps, registerEventRoutes } from "../events/routes.ts";
import { registerFailureRoutes } from "../failures/routes.ts";
import { type ImageSync, registerImageRoutes } from "../images/index.ts";
import { registerInventoryRoutes } from "../inventory/index.ts";
import { registerMachineRoutes } from "../machines/routes.ts";
import { registerNetworkRoutes } from "../networks/index.ts";
import { registerPoolRoutes } from "../pools/index.ts";
import { registerRackRoutes } from "../racks/index.ts";
import { registerResultRoutes, registerScriptRoutes } from "../scripts/index.ts";
import { registerSettingRoutes } from "../settings/routes.ts";
import { registerTagRoutes } from "../tags/index.ts";
import { registerUserRoutes } from "../users/routes.ts";
import { registerZoneRoutes } from "../zones/index.ts";
import type { App } from "./app.ts";
import { type AuthDeps, registerAuth, requireAdministrator, requireUser } from "./auth.ts";
import { describeApi } from "./openapi.ts";
import { registerStatusRoute } from "./status.ts";

export type ApiDeps = EventDeps & { db: Database; clock: Clock; images: ImageSync; version: string } & AuthDeps &
  Pick<BootRouteDeps, "racks">;

/** The version of this program. */
export function programVersion(): string {
  const text = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Every route of `/api/v1`, with its description at `/api/v1/openapi.json`. */
export function registerApi(app: App, deps: ApiDeps): void {
  const routes = app;
  const guards = { user: requireUser, administrator: requireAdministrator };
  registerAuth(app, deps);
  registerStatusRoute(app, deps);
  registerMachineRoutes(app, deps);
  registerInventoryRoutes(app, deps);
  registerTagRoutes(app, deps);
  registerZoneRoutes(app, deps);
  registerPoolRoutes(app, deps);
  registerEventRoutes(app, deps);
  registerScriptRoutes(app, deps);
  registerResultRoutes(app, deps);
  registerFailureRoutes(app);
  registerUserRoutes(app, deps);
  registerSettingRoutes(app, deps);
  registerNetworkRoutes(app, { ...deps, guards });
  registerImageRoutes(app, { ...deps, guards });
  registerRackRoutes(app, { ...deps, guards });
  registerBootRoutes(app, { ...deps, guards });
  routes.get("/api/v1/openapi.json", { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.type("application/json").send(describeApi(app.described, deps.version)),
  );
}
