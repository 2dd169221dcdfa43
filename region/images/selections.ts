import {
  type BootSourceSelection,
  type BootSourceSelectionCreate,
  type BootSourceSelectionUpdate,
  bootSourceSelection,
} from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { type By, missingSource } from "./sources.ts";

/** A selection's place: its source, and its own number. */
export type SelectionId = { source: number; id: number };

const missing = ({ source, id }: SelectionId): NotFound =>
  new NotFound(`Boot source ${source} has no selection ${id}.`, {
    next: `GET /api/v1/boot-sources/${source}/selections lists them.`,
  });

async function requireSource(db: Kysely<Tables>, id: number): Promise<void> {
  const row = await db.selectFrom("boot_sources").select("id").where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw missingSource(id);
}

export const selectionList = declareList("boot-sources/{id}/selections", bootSourceSelection, { order: ["id"] });

/**
 * One page of the selections of a source, filtered and sorted as asked for; else in the order they were made.
 *
 * @throws NotFound, InputError
 */
export async function listSelections(
  db: Kysely<Tables>,
  source: number,
  asked: Asked,
): Promise<Page<BootSourceSelection>> {
  await requireSource(db, source);
  const rows = db.selectFrom("boot_source_selections").selectAll().where("boot_source_id", "=", source);
  return listPage(db, selectionList, rows, asked);
}

/** One selection. @throws NotFound */
export async function readSelection(db: Kysely<Tables>, { source, id }: SelectionId): Promise<BootSourceSelection> {
  const row = await db
    .selectFrom("boot_source_selections")
    .selectAll()
    .where("boot_source_id", "=", source)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw missing({ source, id });
  return row;
}

async function requireFree(tx: Transaction, { os, release, boot_source_id }: BootSourceSelection, id?: number) {
  const other = await tx
    .selectFrom("boot_source_selections")
    .select("id")
    .where("boot_source_id", "=", boot_source_id)
    .where("os", "=", os)
    .where("release", "=", release)
    .executeTakeFirst();
  if (other !== undefined && other.id !== id)
    throw InputError.field("release", release, `of ${os} must be another one: selection ${other.id} has it`);
}

/** @throws NotFound, InputError where the source has a selection of this release */
export async function createSelection(
  db: Database,
  source: number,
  fields: BootSourceSelectionCreate,
  { actor, now }: By,
): Promise<BootSourceSelection> {
  return db.transaction().execute(async (tx) => {
    await requireSource(tx, source);
    await requireFree(tx, { ...fields, boot_source_id: source, id: 0 });
    const row = await tx
      .insertInto("boot_source_selections")
      .values({ ...fields, boot_source_id: source })
      .returningAll()
      .executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "boot-source.changed",
      actor,
      at: now,
      message: `${actor} selected ${row.os}/${row.release} of boot source ${source}`,
      after: row,
      data: { action: "select", id: source },
    });
    return row;
  });
}

/** Changes what is given. @throws NotFound, InputError */
export async function updateSelection(
  db: Database,
  at: SelectionId,
  change: BootSourceSelectionUpdate,
  { actor, now }: By,
): Promise<BootSourceSelection> {
  return db.transaction().execute(async (tx) => {
    const before = await readSelection(tx, at);
    await requireFree(tx, { ...before, ...change }, at.id);
    const after = { ...before, ...change };
    const { id: _, ...values } = after;
    await tx.updateTable("boot_source_selections").set(values).where("id", "=", at.id).execute();
    await appendAudit(tx, {
      type: "boot-source.changed",
      actor,
      at: now,
      message: `${actor} changed the selection of ${before.os}/${before.release} of boot source ${at.source}`,
      before,
      after,
      data: { action: "select", id: at.source },
    });
    return after;
  });
}

/** @throws NotFound */
export async function deleteSelection(db: Database, at: SelectionId, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await readSelection(tx, at);
    await tx.deleteFrom("boot_source_selections").where("id", "=", at.id).execute();
    await appendAudit(tx, {
      type: "boot-source.changed",
      actor,
      at: now,
      message: `${actor} deselected ${before.os}/${before.release} of boot source ${at.source}`,
      before,
      data: { action: "deselect", id: at.source },
    });
  });
}
