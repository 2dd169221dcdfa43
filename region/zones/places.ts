import { type Zone, defaultPlace, pool, zone } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { NotFound, StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { appendEvent } from "../events/append.ts";
import { changedFields } from "../events/audit.ts";
import { type Caller, visibleMachines, visiblePools } from "../users/access.ts";

/** Zones and resource pools differ in meaning, not in their rules. */
export type Kind = "zone" | "pool";
export type By = { actor: string; now: Date };
type Fields = { name: string; description: string };

export const placeTables = { zone: "zones", pool: "pools" } as const;
const columns = { zone: "zone_id", pool: "pool_id" } as const;
export const placeTitles = { zone: "zone", pool: "resource pool" } as const;

/** With the number of their machines the viewer may see. */
function places(db: Kysely<Tables>, kind: Kind, viewer: Caller | undefined) {
  const table = placeTables[kind];
  const column = sql.ref(`machines.${columns[kind]}`);
  return db
    .selectFrom(table)
    .select([
      "name",
      "description",
      sql<number>`(select count(*) from machines where ${column} = ${sql.ref(`${table}.id`)}
        and ${viewer === undefined ? sql`true` : visibleMachines(viewer)})`.as("machines"),
    ])
    .$if(kind === "pool" && viewer !== undefined, (query) =>
      query.where(viewer === undefined ? sql<boolean>`true` : visiblePools(viewer)),
    );
}

const named = { order: ["name"], fields: { name: { cased: true }, machines: { computed: true } } };
export const placeLists = { zone: declareList("zones", zone, named), pool: declareList("pools", pool, named) };

/**
 * One page, filtered and sorted as asked for; else in the order of their names. Pools for which the viewer has no role are
 * not shown.
 *
 * @throws InputError
 */
export const listPlaces = (
  db: Kysely<Tables>,
  kind: Kind,
  { viewer, ...asked }: Asked & { viewer: Caller },
): Promise<Page<Zone>> => listPage(db, placeLists[kind], places(db, kind, viewer), asked);

/** As `viewer` sees it; left out: all of it. @throws NotFound */
export async function readPlace(db: Kysely<Tables>, kind: Kind, name: string, viewer?: Caller): Promise<Zone> {
  const row = await places(db, kind, viewer).where("name", "=", name).executeTakeFirst();
  if (!row) throw missing(kind, name);
  return row;
}

/** A zone or pool as others refer to it: both have ids in MAAS's API, which a pool is named by. */
export type Place = Fields & { id: number };

/** All zones, or all pools the viewer has a role for, in the order of their names. */
export async function everyPlace(db: Kysely<Tables>, kind: Kind, viewer: Caller): Promise<Place[]> {
  return idsAndNames(db, kind, viewer).orderBy("name").execute();
}

/** The zone or pool of this name or id; null where there is none, or the viewer has no role for it. */
export async function findPlace(
  db: Kysely<Tables>,
  kind: Kind,
  by: { name: string } | { id: number },
  viewer: Caller,
): Promise<Place | null> {
  const [column, value] = "id" in by ? (["id", by.id] as const) : (["name", by.name] as const);
  return (await idsAndNames(db, kind, viewer).where(column, "=", value).executeTakeFirst()) ?? null;
}

const idsAndNames = (db: Kysely<Tables>, kind: Kind, viewer: Caller) =>
  db
    .selectFrom(placeTables[kind])
    .select(["id", "name", "description"])
    .$if(kind === "pool", (query) => query.where(visiblePools(viewer)));

const missing = (kind: Kind, name: string): NotFound =>
  new NotFound(`There is no ${placeTitles[kind]} ${name}.`, { next: `GET /api/v1/${placeTables[kind]} lists them.` });

async function insertOrRename(tx: Transaction, kind: Kind, fields: Fields, id?: number): Promise<void> {
  const taken = await tx.selectFrom(placeTables[kind]).select("id").where("name", "=", fields.name).executeTakeFirst();
  if (taken && taken.id !== id)
    throw new StateConflict(`There is a ${placeTitles[kind]} ${fields.name} already.`, {
      next: "Choose another name.",
    });
  if (id === undefined) await tx.insertInto(placeTables[kind]).values(fields).execute();
  else await tx.updateTable(placeTables[kind]).set(fields).where("id", "=", id).execute();
}

/** Names are given in turn, so that of two who want the same one the later is told so. */
async function lockNames(tx: Transaction, kind: Kind): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`names of ${placeTables[kind]}`}, 0))`.execute(tx);
}

/** @throws StateConflict when the name is taken */
export async function createPlace(db: Database, kind: Kind, fields: Fields, { actor, now }: By): Promise<Zone> {
  return db.transaction().execute(async (tx) => {
    await lockNames(tx, kind);
    await insertOrRename(tx, kind, fields);
    await appendEvent(tx, {
      type: `${kind}.changed`,
      at: now,
      actor,
      message: `${actor} created ${placeTitles[kind]} ${fields.name}`,
      data: { action: "create", name: fields.name, before: null, after: fields },
    });
    return readPlace(tx, kind, fields.name);
  });
}

/**
 * Changes name or description; what is not given stays. The one named `default` keeps its name.
 *
 * @throws NotFound, StateConflict
 */
export async function updatePlace(
  db: Database,
  kind: Kind,
  name: string,
  change: { name?: string | undefined; description?: string | undefined },
  { actor, now }: By,
): Promise<Zone> {
  return db.transaction().execute(async (tx) => {
    await lockNames(tx, kind);
    const found = await tx
      .selectFrom(placeTables[kind])
      .selectAll()
      .where("name", "=", name)
      .forUpdate()
      .executeTakeFirst();
    if (!found) throw missing(kind, name);
    const before = { name, description: found.description };
    const after = { name: change.name ?? name, description: change.description ?? before.description };
    if (name === defaultPlace && after.name !== name)
      throw new StateConflict(`The ${placeTitles[kind]} ${defaultPlace} always exists and keeps its name.`, {
        next: `Create a ${placeTitles[kind]} of the new name and move the machines to it.`,
      });
    await insertOrRename(tx, kind, after, found.id);
    await appendEvent(tx, {
      type: `${kind}.changed`,
      at: now,
      actor,
      message: `${actor} changed ${Object.keys(change).join(", ") || "nothing"} of ${placeTitles[kind]} ${name}`,
      data: { action: "update", name, ...changedFields(before, after) },
    });
    return readPlace(tx, kind, after.name);
  });
}

/**
 * Deletes a zone or pool; what is in it comes to the default one, or with `emptyOnly` keeps it from being deleted.
 *
 * @throws NotFound, StateConflict for the default one
 */
export async function deletePlace(
  db: Database,
  kind: Kind,
  name: string,
  { actor, now }: By,
  { emptyOnly = false } = {},
): Promise<void> {
  if (name === defaultPlace)
    throw new StateConflict(`The ${placeTitles[kind]} ${defaultPlace} always exists and cannot be deleted.`, {
      next: `Move its machines to another ${placeTitles[kind]} if it shall be empty.`,
    });
  await db.transaction().execute(async (tx) => {
    const found = await tx.selectFrom(placeTables[kind]).selectAll().where("name", "=", name).executeTakeFirst();
    if (!found) throw missing(kind, name);
    // Machines are locked before their zone, as whoever moves one does it; then those that came meanwhile.
    const first = await moveToDefault(tx, kind, found.id);
    if (emptyOnly && first > 0)
      throw new StateConflict(`The ${placeTitles[kind]} ${name} has machines (${first}), and cannot be deleted.`, {
        next: `Move its machines to another ${placeTitles[kind]} first.`,
      });
    await tx.selectFrom(placeTables[kind]).select("id").where("id", "=", found.id).forUpdate().execute();
    const moved = first + (await moveToDefault(tx, kind, found.id));
    await tx.deleteFrom(placeTables[kind]).where("id", "=", found.id).execute();
    await appendEvent(tx, {
      type: `${kind}.changed`,
      at: now,
      actor,
      message: `${actor} deleted ${placeTitles[kind]} ${name}; ${moved} machines are in ${defaultPlace} now`,
      data: {
        action: "delete",
        name,
        before: { name, description: found.description },
        after: null,
        moved,
      },
    });
  });
}

/** What else than machines is in a zone. */
const alsoInZones = ["devices", "racks", "regions"] as const;

/** Returns how many machines it were. */
async function moveToDefault(tx: Transaction, kind: Kind, id: number): Promise<number> {
  const move = (table: string) =>
    sql`update ${sql.table(table)}
    set ${sql.ref(columns[kind])} = (select id from ${sql.table(placeTables[kind])} where name = ${defaultPlace})
    where ${sql.ref(columns[kind])} = ${id} returning id`.execute(tx);
  const { rows } = await move("machines");
  if (kind === "zone") for (const table of alsoInZones) await move(table);
  return rows.length;
}
