import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { type Caller, seesEverything, visibleMachines } from "./access.ts";

/** For what is told of a network card. @throws NotFound where it belongs to a machine the caller may not know of */
export async function requireVisibleCard(db: Kysely<Tables>, mac: string, caller: Caller): Promise<void> {
  if (seesEverything(caller)) return;
  const hidden = await db
    .selectFrom("interfaces")
    .innerJoin("machines", "machines.id", "interfaces.machine_id")
    .select("machines.id")
    .where("mac", "=", mac)
    // For a machine without an owner parts of the condition are null, and so is what `not` makes of them.
    .where(sql<boolean>`${visibleMachines(caller)} is not true`)
    .executeTakeFirst();
  if (hidden) throw new NotFound(`There is no network card ${mac} of a machine you may see.`);
}

/**
 * For what is told of a machine beside its own row, such as its history. Whoever sees everything is let through without a
 * look, since a machine that was deleted still has a history.
 *
 * @throws NotFound where the caller may not know of the machine
 */
export async function requireVisible(db: Kysely<Tables>, machineId: string, caller: Caller): Promise<void> {
  if (seesEverything(caller)) return;
  const found = await db
    .selectFrom("machines")
    .select("id")
    .where("id", "=", machineId)
    .where(visibleMachines(caller))
    .executeTakeFirst();
  if (!found) throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
}
