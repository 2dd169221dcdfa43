import type { Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { knownNames } from "../known-names.ts";
import { type Kind, placeTables, placeTitles } from "./places.ts";

/**
 * Moves machines to a zone, a pool or both, for whoever changes machines; writes no event. Returns where they were.
 *
 * @throws InputError for a zone or pool that does not exist
 */
export async function setPlace(
  tx: Transaction,
  machineIds: readonly string[],
  to: { zone?: string | undefined; pool?: string | undefined },
): Promise<{ id: string; zone: string; pool: string }[]> {
  const before = await tx
    .selectFrom("machines")
    .innerJoin("zones", "zones.id", "machines.zone_id")
    .innerJoin("pools", "pools.id", "machines.pool_id")
    .select(["machines.id", "zones.name as zone", "pools.name as pool"])
    .where("machines.id", "in", [...machineIds, ""])
    .orderBy("machines.id")
    .execute();
  const zone = await placeId(tx, "zone", to.zone);
  const pool = await placeId(tx, "pool", to.pool);
  if (zone !== undefined || pool !== undefined)
    await tx
      .updateTable("machines")
      .set({ ...(zone !== undefined && { zone_id: zone }), ...(pool !== undefined && { pool_id: pool }) })
      .where("id", "in", [...machineIds, ""])
      .execute();
  return before;
}

async function placeId(tx: Transaction, kind: Kind, name: string | undefined): Promise<number | undefined> {
  if (name === undefined) return undefined;
  const found = await tx
    .selectFrom(placeTables[kind])
    .select("id")
    .where("name", "=", name)
    .forKeyShare()
    .executeTakeFirst();
  if (!found)
    throw InputError.field(
      kind,
      name,
      `must be the name of a ${placeTitles[kind]} that exists; ${await knownNames(tx, placeTables[kind], [name])}`,
    );
  return found.id;
}
