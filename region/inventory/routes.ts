import { inventoryChanges, inventoryVersion, pageOf, pageQuery, systemId, twins } from "@rackwright/contract";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { requireVisible } from "../users/visible.ts";
import { listTwins, twinsList } from "./twins.ts";
import { inventoryList, listChanges, listInventories } from "./versions.ts";

const params = z.object({ id: systemId });
// An inventory of a large server has a hundred kilobytes.
const few = { limit: z.coerce.number().int().min(1).max(50).default(10) };
const models = { limit: z.coerce.number().int().min(1).max(100).default(20) };

/** Routes of what machines are made of: earlier inventories, what changed between them, machines of one model. */
export function registerInventoryRoutes(routes: App, { db }: { db: Database }): void {
  const tags = ["machines"];
  routes.get(
    "/api/v1/machines/:id/inventories",
    {
      schema: {
        tags,
        summary: "What commissionings found, wherever it was not as before; newest first",
        params,
        querystring: listQuery(inventoryList).extend(few),
        response: { 200: pageOf(inventoryVersion) },
      },
    },
    async (incoming) => {
      await requireVisible(db, incoming.params.id, callerOf(incoming));
      return listInventories(db, incoming.params.id, incoming.query);
    },
  );
  routes.get(
    "/api/v1/machines/:id/inventory-changes",
    {
      schema: {
        tags,
        summary: "Changes of a machine's hardware between commissionings; newest first",
        params,
        querystring: pageQuery.extend(few),
        response: { 200: pageOf(inventoryChanges) },
      },
    },
    async (incoming) => {
      await requireVisible(db, incoming.params.id, callerOf(incoming));
      return listChanges(db, incoming.params.id, incoming.query);
    },
  );
  routes.get(
    "/api/v1/twins",
    {
      schema: {
        tags,
        summary: "Machines of one model, and who of them differs from the others",
        querystring: listQuery(twinsList).extend(models),
        response: { 200: pageOf(twins) },
      },
    },
    async (incoming) => listTwins(db, incoming.query, callerOf(incoming)),
  );
}
