import { bootExplainQuery, bootExplanation } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { requireVisibleCard } from "../users/visible.ts";
import type { Guards } from "../racks/routes.ts";
import { explainBoot, type ExplainingRacks } from "./explain.ts";

export type BootRouteDeps = { db: Database; guards: Guards; racks: ExplainingRacks };

/** `GET /api/v1/boot/explain`. */
export function registerBootRoutes(app: App, { db, guards, racks }: BootRouteDeps): void {
  app.get(
    "/api/v1/boot/explain",
    {
      preHandler: guards.user,
      schema: {
        summary: "Why would it boot that? What a network card would be told now, from DHCP to its kernel",
        description:
          "Asks the rack's own code and the region's own rules; nothing is leased, recorded or changed by it. Each rule is told with what it saw.",
        tags: ["boot"],
        querystring: bootExplainQuery,
        response: { 200: bootExplanation },
      },
    },
    async (incoming) => {
      await requireVisibleCard(db, incoming.query.mac, callerOf(incoming));
      return explainBoot(db, racks, incoming.query);
    },
  );
}
