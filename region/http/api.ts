import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BootRouteDeps, registerBootRoutes } from "../boot/routes.ts";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { type EventDeps, registerEventRoutes } from "../events/routes.ts";
import { registerDeviceRoutes } from "../devices/routes.ts";
import { registerDiscoveryRoutes } from "../discoveries/routes.ts";
import { registerDnsRoutes } from "../dns/routes.ts";
import { registerFailureRoutes } from "../failures/routes.ts";
import { type ImageSync, registerBootSourceRoutes, registerImageRoutes } from "../images/index.ts";
import { registerInterfaceRoutes } from "../interfaces/routes.ts";
import { registerInventoryRoutes } from "../inventory/index.ts";
import { registerMaas2 } from "../maas2/plugin.ts";
import { registerLicenseKeyRoutes } from "../license-keys/index.ts";
import { registerMachineRoutes } from "../machines/routes.ts";
import { registerNetworkRoutes } from "../networks/index.ts";
import { registerNotificationRoutes } from "../notifications/index.ts";
import { registerPackageRepositoryRoutes } from "../package-repositories/index.ts";
import { registerPoolRoutes } from "../pools/index.ts";
import { registerRackRoutes } from "../racks/index.ts";
import { registerResultRoutes, registerScriptRoutes } from "../scripts/index.ts";
import { registerSecretRoutes } from "../secrets/routes.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { registerSettingRoutes } from "../settings/routes.ts";
import { registerStorageRoutes } from "../storage/routes.ts";
import { registerTagRoutes } from "../tags/index.ts";
import type { KeySources } from "../users/key-import.ts";
import { registerUserRoutes } from "../users/routes.ts";
import { registerWebhookRoutes } from "../webhooks/index.ts";
import { registerZoneRoutes } from "../zones/index.ts";
import type { App } from "./app.ts";
import { registerAsked } from "./asked.ts";
import { type AuthDeps, identify, registerAuth, requireAdministrator, requireUser } from "./auth.ts";
import { registerChanges } from "./changes.ts";
import { registerConditional } from "./conditional.ts";
import { describeApi } from "./openapi.ts";
import { Representations } from "./representation.ts";
import { registerStatusRoute } from "./status.ts";

export type ApiDeps = EventDeps & { secrets?: Secrets } & {
  db: Database;
  clock: Clock;
  images: ImageSync;
  version: string;
} & AuthDeps &
  Pick<BootRouteDeps, "racks"> & {
    /** Where SSH keys are imported from, if not from the public servers. */
    keySources?: KeySources;
  };

/** The version of this program. */
export function programVersion(): string {
  const text = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Every route of `/api/v1`, with its description at `/api/v1/openapi.json`. */
export function registerApi(app: App, deps: ApiDeps): void {
  const routes = app;
  const guards = { user: requireUser, administrator: requireAdministrator };
  const representations = new Representations(app);
  registerAuth(app, deps);
  registerAsked(app);
  registerConditional(app, representations);
  registerChanges(app, { ...deps, representations });
  registerStatusRoute(app, deps);
  registerMachineRoutes(app, deps);
  registerInventoryRoutes(app, deps);
  registerStorageRoutes(app, deps);
  registerInterfaceRoutes(app, deps);
  registerDeviceRoutes(app, deps);
  registerDnsRoutes(app, deps);
  registerDiscoveryRoutes(app, deps);
  registerTagRoutes(app, deps);
  registerZoneRoutes(app, deps);
  registerPoolRoutes(app, deps);
  registerEventRoutes(app, { ...deps, identify: async (request) => (await identify(deps, request)).caller });
  registerScriptRoutes(app, deps);
  registerResultRoutes(app, deps);
  registerFailureRoutes(app);
  registerUserRoutes(app, deps);
  registerSecretRoutes(app, deps);
  registerSettingRoutes(app, deps);
  registerNetworkRoutes(app, { ...deps, guards });
  registerImageRoutes(app, { ...deps, guards });
  registerBootSourceRoutes(app, deps);
  registerPackageRepositoryRoutes(app, deps);
  registerLicenseKeyRoutes(app, deps);
  registerNotificationRoutes(app, deps);
  registerWebhookRoutes(app, deps);
  registerRackRoutes(app, { ...deps, guards });
  registerBootRoutes(app, { ...deps, guards });
  registerMaas2(app, deps);
  routes.get("/api/v1/openapi.json", { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.type("application/json").send(describeApi(app.described, deps.version)),
  );
}
