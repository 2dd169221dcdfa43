import { type Space, type spaceCreate, type spaceUpdate, space } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { type By, changeNetworks, given, missing, nextId, requireName, tellChange } from "./change.ts";

const spaces = (db: Kysely<Tables>) => db.selectFrom("spaces").select(["id", "name", "description"]);

export const spaceList = declareList("spaces", space, { order: ["id"] });

/** One page of spaces, filtered and sorted as asked for. @throws InputError */
export const pageOfSpaces = (db: Kysely<Tables>, asked: Asked): Promise<Page<Space>> =>
  listPage(db, spaceList, spaces(db), asked);

/** Spaces with an id above `after`, in order of id. */
export function listSpaces(db: Kysely<Tables>, after: number, limit: number): Promise<Space[]> {
  return spaces(db).where("id", ">", after).orderBy("id").limit(limit).execute();
}

/** @throws NotFound */
export async function getSpace(db: Kysely<Tables>, id: number): Promise<Space> {
  const [found] = await listSpaces(db, id - 1, 1);
  if (found?.id !== id) throw missing("spaces", id);
  return found;
}

/** @throws InputError, StateConflict for a name that is taken */
export async function createSpace(db: Database, wanted: z.output<typeof spaceCreate>, by: By): Promise<Space> {
  return changeNetworks(db, async (tx) => {
    const id = await nextId(tx, "spaces", wanted.name);
    const name = wanted.name ?? `space-${id}`;
    await requireName(tx, "spaces", name, id);
    await sql`insert into spaces (id, name, description) overriding system value
              values (${id}, ${name}, ${wanted.description})`.execute(tx);
    const after = await getSpace(tx, id);
    await tellChange(tx, by, "space.changed", { words: `created space ${name}`, id, after });
    return after;
  });
}

/** Changes the fields that are given. @throws NotFound, InputError, StateConflict */
export async function updateSpace(
  db: Database,
  id: number,
  change: z.output<typeof spaceUpdate>,
  by: By,
): Promise<Space> {
  return changeNetworks(db, async (tx) => {
    const before = await getSpace(tx, id);
    const fields = given(change);
    if (fields.name !== undefined) await requireName(tx, "spaces", fields.name, id);
    const { name, description } = { ...before, ...fields };
    await tx.updateTable("spaces").set({ name, description }).where("id", "=", id).execute();
    const after = await getSpace(tx, id);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of space ${before.name}`;
    await tellChange(tx, by, "space.changed", { words, id, before, after });
    return after;
  });
}

/** Deletes a space; its VLANs are in none then. @throws NotFound */
export async function deleteSpace(db: Database, id: number, by: By): Promise<void> {
  await changeNetworks(db, async (tx) => {
    const before = await getSpace(tx, id);
    await tx.deleteFrom("spaces").where("id", "=", id).execute();
    await tellChange(tx, by, "space.changed", { words: `deleted space ${before.name}`, id, before });
  });
}
