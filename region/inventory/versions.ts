import {
  type Inventory,
  type InventoryChange,
  type InventoryChanges,
  type InventoryVersion,
  inventoryVersion,
} from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import { type Transaction, json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { InputError, NotFound } from "../errors.ts";
import { compareInventories, mostChanges } from "./changes.ts";

/** Inventories kept of one machine. */
const mostVersions = 100;

/**
 * Keeps an inventory beside the earlier ones where the hardware is not as it was. Returns what changed; nothing for the
 * first one.
 */
export async function keepVersion(
  tx: Transaction,
  machineId: string,
  inventory: Inventory,
): Promise<InventoryChange[]> {
  const last = await tx
    .selectFrom("inventories")
    .select("inventory")
    .where("machine_id", "=", machineId)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  const changes = last === undefined ? [] : compareInventories(last.inventory, inventory);
  if (last !== undefined && changes.length === 0) return [];
  await tx
    .insertInto("inventories")
    .values({ machine_id: machineId, inventory: json(inventory) })
    .execute();
  await sql`delete from inventories where machine_id = ${machineId} and id <= (
    select id from inventories where machine_id = ${machineId} order by id desc offset ${mostVersions} limit 1
  )`.execute(tx);
  return changes;
}

export type VersionPage = { limit: number; cursor?: string | undefined };

/** The newest first; `cursor` is the id of the last one seen. */
async function versions(db: Kysely<Tables>, machineId: string, { limit, cursor }: VersionPage) {
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  if (!Number.isSafeInteger(before)) throw InputError.field("cursor", cursor, "must be the 'next' of an earlier page");
  const rows = await db
    .selectFrom("machines")
    .leftJoin("inventories", (join) =>
      join.onRef("inventories.machine_id", "=", "machines.id").on("inventories.id", "<", before),
    )
    .select(["inventories.id", "inventories.taken_at", "inventories.inventory"])
    .where("machines.id", "=", machineId)
    .orderBy("inventories.id", (order) => order.desc().nullsLast())
    .limit(limit)
    .execute();
  if (rows.length === 0)
    throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
  return rows.flatMap(({ id, taken_at, inventory }) =>
    id === null || taken_at === null || inventory === null ? [] : [{ id, taken_at: taken_at.toISOString(), inventory }],
  );
}

export const inventoryList = declareList("machines/{id}/inventories", inventoryVersion, {
  order: ["id"],
  descending: true,
  fields: { inventory: null },
});

/** One page of a machine's inventories, filtered and sorted as asked for; else the newest first. @throws InputError */
export async function listInventories(
  db: Kysely<Tables>,
  machineId: string,
  asked: Asked,
): Promise<Page<InventoryVersion>> {
  const rows = db.selectFrom("inventories").select(["id", "taken_at", "inventory"]).where("machine_id", "=", machineId);
  const page = await listPage(db, inventoryList, rows, asked);
  return showPage(page, (one) => ({ ...one, taken_at: one.taken_at.toISOString() }));
}

/**
 * What commissionings found changed, the newest first.
 *
 * @throws NotFound
 */
export async function listChanges(
  db: Kysely<Tables>,
  machineId: string,
  { limit, cursor }: VersionPage,
): Promise<Page<InventoryChanges>> {
  // One more to compare the last one with, and one to know whether another page follows.
  const rows = await versions(db, machineId, { limit: limit + 2, cursor });
  const items = rows.slice(0, limit).flatMap(({ id, taken_at, inventory }, index) => {
    const earlier = rows[index + 1];
    if (earlier === undefined) return [];
    const changes = compareInventories(earlier.inventory, inventory);
    const told = changes.slice(0, mostChanges);
    return [{ id, taken_at, since: earlier.taken_at, changes: told, left_off: changes.length - told.length }];
  });
  return { items, next: rows.length > limit + 1 ? String(items.at(-1)?.id) : null };
}
