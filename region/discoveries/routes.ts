import { discovery, discoveryClear, discoveryFilter, pageOf } from "@rackwright/contract";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import { clearDiscoveries, clearDiscovery, discoveryList, pageOfDiscoveries, readDiscovery } from "./discoveries.ts";

const tags = ["discoveries"];

/** What was seen on our networks. */
export function registerDiscoveryRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  routes.get(
    "/api/v1/discoveries",
    {
      schema: {
        tags,
        summary: "List cards that were seen with an address on our networks",
        querystring: listQuery(discoveryList).extend(discoveryFilter.shape),
        response: { 200: pageOf(discovery) },
      },
    },
    async (incoming) => pageOfDiscoveries(db, callerOf(incoming), incoming.query),
  );
  routes.get(
    "/api/v1/discoveries/:id",
    {
      schema: {
        tags,
        summary: "One card that was seen with an address",
        params: z.object({ id: z.string().max(200) }),
        response: { 200: discovery },
      },
    },
    async (incoming) => readDiscovery(db, callerOf(incoming), incoming.params.id),
  );
  routes.post(
    "/api/v1/discoveries/clear",
    {
      schema: {
        tags,
        summary: "Forget what was seen until now: one card with an address, or everything",
        body: discoveryClear,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const by = { caller: administratorOf(request), now: clock.now() };
      const { mac, address } = request.body;
      if ((mac === undefined) !== (address === undefined))
        throw InputError.field(mac === undefined ? "mac" : "address", null, "must be given with the other one");
      if (mac !== undefined && address !== undefined) await clearDiscovery(db, { mac, address }, by);
      else await clearDiscoveries(db, by);
      return reply.code(204).send();
    },
  );
}
