import type { BulkResult, cloneRequest } from "@rackwright/contract";
import type { z } from "zod";
import type { Database } from "../database/pool.ts";
import { InputError, NotFound } from "../errors.ts";
import type { Log } from "../log.ts";
import { visibleMachines } from "../users/access.ts";
import { updateMachine } from "./change.ts";
import type { By } from "./ask.ts";
import { forEach } from "./bulk.ts";
import { changeTags } from "./change-tags.ts";

/**
 * Sets machines up as another one is: its zone and pool, and the tags it was given by hand. Each machine is done, or
 * refused, for itself.
 *
 * @throws NotFound for the source, InputError when nothing is to be copied or the source is among the destinations
 */
export async function cloneMachine(
  db: Database,
  request: z.infer<typeof cloneRequest>,
  by: By,
  log: Log,
): Promise<BulkResult> {
  const { source, destinations, place, tags } = request;
  if (!place && !tags) throw InputError.field("place", false, "or tags must be true, else there is nothing to copy");
  if (destinations.includes(source)) throw InputError.field("destinations", source, "must not contain the source");
  const from = await db
    .selectFrom("machines")
    .innerJoin("zones", "zones.id", "machines.zone_id")
    .innerJoin("pools", "pools.id", "machines.pool_id")
    .select(["zones.name as zone", "pools.name as pool"])
    .where("machines.id", "=", source)
    .where(visibleMachines(by.caller))
    .executeTakeFirst();
  if (!from) throw new NotFound(`There is no machine ${source}.`, { next: "List machines to see their ids." });
  const add = tags ? await tagsByHand(db, source) : [];
  const copy = async (id: string): Promise<void> => {
    if (place) await updateMachine(db, id, from, by);
    if (tags) await changeTags(db, id, { add }, by);
  };
  return forEach(db, destinations, copy, { log, viewer: by.caller });
}

async function tagsByHand(db: Database, machineId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("machine_tags")
    .innerJoin("tags", "tags.id", "machine_tags.tag_id")
    .select("tags.name")
    .where("machine_id", "=", machineId)
    .where("definition", "is", null)
    .orderBy("tags.name")
    .execute();
  return rows.map(({ name }) => name);
}
