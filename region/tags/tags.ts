import { type Tag, type tagCreate, type tagUpdate, tag } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { appendEvent } from "../events/append.ts";
import { changedFields } from "../events/audit.ts";
import { type Caller, seesEverything, visibleMachines } from "../users/access.ts";
import { type Definition, applyDefinition, lockTagging } from "./evaluate.ts";

export type By = {
  actor: string;
  now: Date;
  /** Whose rights count; left out when the region itself acts. */ caller?: Caller;
};

/** With the number of their machines the viewer may see. */
function tags(db: Kysely<Tables>, viewer: Caller | undefined) {
  const seen = (of: RawBuilder<unknown>) =>
    viewer === undefined || seesEverything(viewer)
      ? sql``
      : sql`and exists (select from machines where machines.id = ${of}.machine_id and ${visibleMachines(viewer)})`;
  return db
    .selectFrom("tags")
    .select([
      "name",
      "comment",
      "kernel_options",
      "definition",
      "definition_kind",
      sql<number>`(select count(*) from machine_tags where tag_id = tags.id ${seen(sql`machine_tags`)})`.as("machines"),
      sql<number>`(select count(distinct machine_id) from tag_queue where tag_id = tags.id ${seen(sql`tag_queue`)})`.as(
        "pending",
      ),
    ]);
}

export const tagList = declareList("tags", tag, {
  order: ["name"],
  fields: { name: { cased: true }, machines: { computed: true }, pending: { computed: true } },
});

/** One page of tags, filtered and sorted as asked for; else in the order of their names. @throws InputError */
export const listTags = (db: Kysely<Tables>, { viewer, ...asked }: Asked & { viewer: Caller }): Promise<Page<Tag>> =>
  listPage(db, tagList, tags(db, viewer), asked);

/** Every tag as it is defined, in the order of their names, without counting machines. */
export async function everyTag(
  db: Kysely<Tables>,
): Promise<Pick<Tag, "name" | "comment" | "kernel_options" | "definition" | "definition_kind">[]> {
  return db
    .selectFrom("tags")
    .select(["name", "comment", "kernel_options", "definition", "definition_kind"])
    .orderBy("name")
    .execute();
}

/** As `viewer` sees it; left out: all of it. @throws NotFound */
export async function readTag(db: Kysely<Tables>, name: string, viewer?: Caller): Promise<Tag> {
  const row = await tags(db, viewer).where("name", "=", name).executeTakeFirst();
  if (!row) throw missing(name);
  return row;
}

const missing = (name: string): NotFound =>
  new NotFound(`There is no tag ${name}.`, { next: "List tags to see their names, or create it." });

/** Definition and kind go together: both or none. */
function definitionOf(fields: {
  definition: string | null;
  definition_kind: Definition["kind"] | null;
}): Definition | null {
  const { definition: text, definition_kind: kind } = fields;
  if (text === null && kind === null) return null;
  if (text === null) throw InputError.field("definition", null, `must be given with the definition_kind ${kind}`);
  if (kind === null)
    throw InputError.field("definition_kind", null, "must be given with a definition: 'xpath' or 'filter'");
  return { kind, text };
}

async function refuseTaken(tx: Transaction, name: string): Promise<void> {
  const taken = await tx.selectFrom("tags").select("id").where("name", "=", name).executeTakeFirst();
  if (taken)
    throw new StateConflict(`There is a tag ${name} already.`, { next: "Choose another name, or change that tag." });
}

/**
 * Makes a tag. One with a definition has its machines at once, or those of a large fleet bit by bit (`pending`).
 *
 * @throws StateConflict when the name is taken, InputError for a definition that is none
 */
export async function createTag(db: Database, fields: z.infer<typeof tagCreate>, { actor, now }: By): Promise<Tag> {
  const definition = definitionOf(fields);
  return db.transaction().execute(async (tx) => {
    await lockTagging(tx);
    await refuseTaken(tx, fields.name);
    const { id } = await tx.insertInto("tags").values(fields).returning("id").executeTakeFirstOrThrow();
    if (definition !== null) await applyDefinition(tx, id, definition);
    const made = await readTag(tx, fields.name);
    await appendEvent(tx, {
      type: "tag.changed",
      at: now,
      actor,
      message: `${actor} created tag ${made.name} (${made.machines} machines)`,
      data: { action: "create", name: made.name, before: null, after: fields },
    });
    return made;
  });
}

/**
 * Changes a tag; what is not given stays. With another definition its machines are found anew; one that loses its
 * definition keeps them as if they were named by hand.
 *
 * @throws NotFound, StateConflict when the name is taken, InputError for a definition that is none
 */
export async function updateTag(
  db: Database,
  name: string,
  change: z.infer<typeof tagUpdate>,
  { actor, now }: By,
): Promise<Tag> {
  return db.transaction().execute(async (tx) => {
    await lockTagging(tx);
    const found = await tx.selectFrom("tags").selectAll().where("name", "=", name).forUpdate().executeTakeFirst();
    if (!found) throw missing(name);
    const { id, ...before } = found;
    const cleared = change.definition === null && change.definition_kind === undefined;
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const after: typeof before = { ...before, ...given, ...(cleared && { definition_kind: null }) };
    const definition = definitionOf(after);
    if (after.name !== name) await refuseTaken(tx, after.name);
    await tx.updateTable("tags").set(after).where("id", "=", id).execute();
    const redefined = after.definition !== before.definition || after.definition_kind !== before.definition_kind;
    if (definition !== null && redefined) await applyDefinition(tx, id, definition);
    await appendEvent(tx, {
      type: "tag.changed",
      at: now,
      actor,
      message: `${actor} changed ${Object.keys(given).join(", ") || "nothing"} of tag ${name}`,
      data: { action: "update", name, ...changedFields(before, after) },
    });
    return readTag(tx, after.name);
  });
}

/** Takes a tag away from all machines, for good. @throws NotFound */
export async function deleteTag(db: Database, name: string, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockTagging(tx);
    const { machines, pending: _, ...before } = await readTag(tx, name);
    await tx.deleteFrom("tags").where("name", "=", name).execute();
    await appendEvent(tx, {
      type: "tag.changed",
      at: now,
      actor,
      message: `${actor} deleted tag ${name} (${machines} machines had it)`,
      data: { action: "delete", name, before, after: null },
    });
  });
}

/**
 * Finds a tag's machines by its definition anew, as if it had just been given; a tag without one has those it was given to.
 *
 * @throws NotFound
 */
export async function rebuildTag(db: Database, name: string, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockTagging(tx);
    const { machines: before, definition: text, definition_kind: kind } = await readTag(tx, name);
    const { id } = await tx.selectFrom("tags").select("id").where("name", "=", name).executeTakeFirstOrThrow();
    if (text !== null && kind !== null) await applyDefinition(tx, id, { kind, text });
    const { machines } = await readTag(tx, name);
    await appendEvent(tx, {
      type: "tag.changed",
      at: now,
      actor,
      message: `${actor} had the machines of tag ${name} found anew (${machines}, before ${before})`,
      data: { action: "rebuild", name, before: { machines: before }, after: { machines } },
    });
  });
}
