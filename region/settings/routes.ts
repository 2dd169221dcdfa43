import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import { changeSettings } from "./change.ts";
import { readSettings, settings, settingsUpdate } from "./settings.ts";

/** Routes of the settings. */
export function registerSettingRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const tags = ["settings"];
  routes.get("/api/v1/settings", { schema: { tags, summary: "All settings", response: { 200: settings } } }, async () =>
    readSettings(db),
  );
  routes.patch(
    "/api/v1/settings",
    {
      schema: {
        tags,
        summary: "Change settings; those not named stay",
        body: settingsUpdate,
        response: { 200: settings },
      },
    },
    async (incoming) => {
      const { username: actor } = administratorOf(incoming);
      return changeSettings(db, incoming.body, { actor, now: clock.now() });
    },
  );
}
