import { type StaticRoute, type staticRouteCreate, type staticRouteUpdate, staticRoute } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { type By, changeNetworks, given, missing, requireRow, tellChange } from "./change.ts";
import { holds, parseIp, parseNetwork } from "./ip.ts";

const routes = sql<StaticRoute>`
    select id, source_id, destination_id, host(gateway) as gateway, metric from static_routes`;

export const staticRouteList = declareList("static-routes", staticRoute, {
  order: ["id"],
  fields: { gateway: { address: true } },
});

/** One page of static routes, filtered and sorted as asked for. @throws InputError */
export const pageOfStaticRoutes = (db: Kysely<Tables>, asked: Asked): Promise<Page<StaticRoute>> =>
  listPage(db, staticRouteList, routes, asked);

/** Static routes with an id above `after`, in order of id. */
export async function listStaticRoutes(db: Kysely<Tables>, after: number, limit: number): Promise<StaticRoute[]> {
  const { rows } = await sql<StaticRoute>`${routes} where id > ${after} order by id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function getStaticRoute(db: Kysely<Tables>, id: number): Promise<StaticRoute> {
  const [route] = await listStaticRoutes(db, id - 1, 1);
  if (route?.id !== id) throw missing("static_routes", id);
  return route;
}

/** @throws InputError, StateConflict for a route that is there already */
export async function createStaticRoute(
  db: Database,
  wanted: z.output<typeof staticRouteCreate>,
  by: By,
): Promise<StaticRoute> {
  return changeNetworks(db, async (tx) => {
    const networks = await requireRoute(tx, wanted, null);
    const { id } = await tx.insertInto("static_routes").values(wanted).returning("id").executeTakeFirstOrThrow();
    const after = await getStaticRoute(tx, id);
    const words = `created the route from ${networks.source} to ${networks.destination}`;
    await tellChange(tx, by, "static-route.changed", { words, id, after });
    return after;
  });
}

/** Changes the fields that are given. @throws NotFound, InputError, StateConflict */
export async function updateStaticRoute(
  db: Database,
  id: number,
  change: z.output<typeof staticRouteUpdate>,
  by: By,
): Promise<StaticRoute> {
  return changeNetworks(db, async (tx) => {
    const before = await getStaticRoute(tx, id);
    const fields = given(change);
    const { id: _, ...wanted } = { ...before, ...fields };
    await requireRoute(tx, wanted, id);
    await tx.updateTable("static_routes").set(wanted).where("id", "=", id).execute();
    const after = await getStaticRoute(tx, id);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of static route ${id}`;
    await tellChange(tx, by, "static-route.changed", { words, id, before, after });
    return after;
  });
}

/** @throws NotFound */
export async function deleteStaticRoute(db: Database, id: number, by: By): Promise<void> {
  await changeNetworks(db, async (tx) => {
    const before = await getStaticRoute(tx, id);
    await tx.deleteFrom("static_routes").where("id", "=", id).execute();
    await tellChange(tx, by, "static-route.changed", { words: `deleted static route ${id}`, id, before });
  });
}

async function requireRoute(tx: Transaction, route: Omit<StaticRoute, "id">, self: number | null) {
  await requireRow(tx, "subnets", "source_id", route.source_id);
  await requireRow(tx, "subnets", "destination_id", route.destination_id);
  if (route.source_id === route.destination_id)
    throw InputError.field("destination_id", route.destination_id, "must be another subnet than the source");
  const cidrs = await tx
    .selectFrom("subnets")
    .select(["id", sql<string>`cidr::text`.as("cidr")])
    .where("id", "in", [route.source_id, route.destination_id])
    .execute();
  const cidrOf = (id: number): string => cidrs.find((one) => one.id === id)?.cidr ?? "";
  const [source, destination] = [cidrOf(route.source_id), cidrOf(route.destination_id)];
  const [from, to] = [parseNetwork(source), parseNetwork(destination)];
  if (from?.version !== to?.version)
    throw InputError.field("destination_id", route.destination_id, `must be of the IP version of the source ${source}`);
  const gateway = parseIp(route.gateway);
  if (from === undefined || gateway === undefined || !holds(from, gateway))
    throw InputError.field("gateway", route.gateway, `must be an address of the source ${source}`);
  const { rows } = await sql<{ id: number }>`
    select id from static_routes where source_id = ${route.source_id} and destination_id = ${route.destination_id}
      and gateway = ${route.gateway}::inet and id is distinct from ${self}::bigint`.execute(tx);
  if (rows[0] !== undefined)
    throw new StateConflict(`There is the same route already: static route ${rows[0].id}.`, {
      next: `Change static route ${rows[0].id} instead.`,
    });
  return { source, destination };
}
