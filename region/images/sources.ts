import { type BootSource, type BootSourceCreate, type BootSourceUpdate, bootSource } from "@rackwright/contract";
import type { Kysely, Selectable } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { BootSourcesTable } from "../database/tables/images.ts";
import { InputError, NotFound } from "../errors.ts";
import { type Fields, appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";

export type By = { actor: string; now: Date };
type Row = Selectable<BootSourcesTable>;

const toSource = ({ keyring_data, created_at, updated_at, ...row }: Row): BootSource => ({
  ...row,
  keyring_data: keyring_data.toString("base64"),
  created_at: created_at.toISOString(),
  updated_at: updated_at.toISOString(),
});
/** What its audit tells of it. */
const told = (row: Row): Fields => ({
  ...row,
  updated_at: null,
  keyring_data: `${row.keyring_data.length} bytes`,
});
/** What is said where there is no such source. */
export function missingSource(id: number): NotFound {
  return new NotFound(`There is no boot source ${id}.`, { next: "GET /api/v1/boot-sources lists them." });
}

export const bootSourceList = declareList("boot-sources", bootSource, {
  order: ["id"],
  fields: { keyring_data: null },
});

/** One page, filtered and sorted as asked for; else in the order they were added. @throws InputError */
export async function listBootSources(db: Kysely<Tables>, asked: Asked): Promise<Page<BootSource>> {
  return showPage(await listPage(db, bootSourceList, db.selectFrom("boot_sources").selectAll(), asked), toSource);
}

/** One boot source. @throws NotFound */
export async function readBootSource(db: Kysely<Tables>, id: number): Promise<BootSource> {
  const row = await db.selectFrom("boot_sources").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw missingSource(id);
  return toSource(row);
}

type Keyring = Pick<Row, "keyring_filename" | "keyring_data" | "skip_keyring_verification">;

/** A stream is trusted by one keyring, or without any where that was said. */
function requireKeyring({ keyring_filename, keyring_data, skip_keyring_verification }: Keyring): void {
  if (keyring_filename !== "" && keyring_data.length > 0)
    throw InputError.field("keyring_data", undefined, "must be left out where keyring_filename is given");
  if (keyring_filename === "" && keyring_data.length === 0 && !skip_keyring_verification)
    throw InputError.field(
      "keyring_filename",
      "",
      "or keyring_data must be given, unless skip_keyring_verification says that signatures are not checked",
    );
}

async function requireFreeUrl(tx: Transaction, url: string | undefined, id?: number): Promise<void> {
  if (url === undefined) return;
  const other = await tx.selectFrom("boot_sources").select("id").where("url", "=", url).executeTakeFirst();
  if (other !== undefined && other.id !== id)
    throw InputError.field("url", url, `must be another one: boot source ${other.id} has it`);
}

/** @throws InputError */
export async function createBootSource(
  db: Database,
  { keyring_data, ...fields }: BootSourceCreate,
  { actor, now }: By,
): Promise<BootSource> {
  const values = { ...fields, name: fields.name ?? fields.url, keyring_data: Buffer.from(keyring_data, "base64") };
  requireKeyring(values);
  return db.transaction().execute(async (tx) => {
    await requireFreeUrl(tx, fields.url);
    const row = await tx
      .insertInto("boot_sources")
      .values({ ...values, created_at: now, updated_at: now })
      .returningAll()
      .executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "boot-source.changed",
      actor,
      at: now,
      message: `${actor} added boot source ${row.name}`,
      after: told(row),
      data: { action: "create", id: row.id },
    });
    return toSource(row);
  });
}

/** Changes what is given. A keyring of one kind takes the place of one of the other. @throws NotFound, InputError */
export async function updateBootSource(
  db: Database,
  id: number,
  { keyring_data, ...change }: BootSourceUpdate,
  { actor, now }: By,
): Promise<BootSource> {
  return db.transaction().execute(async (tx) => {
    const before = await lockSource(tx, id);
    const given = keyring_data === undefined ? undefined : Buffer.from(keyring_data, "base64");
    const values = { ...change, ...(given !== undefined && { keyring_data: given }), updated_at: now };
    if (given === undefined && (change.keyring_filename ?? "") !== "")
      Object.assign(values, { keyring_data: Buffer.alloc(0) });
    if (given !== undefined && given.length > 0 && change.keyring_filename === undefined)
      Object.assign(values, { keyring_filename: "" });
    requireKeyring({ ...before, ...values });
    await requireFreeUrl(tx, change.url, id);
    const row = await tx
      .updateTable("boot_sources")
      .set(values)
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "boot-source.changed",
      actor,
      at: now,
      message: `${actor} changed boot source ${before.name}`,
      before: told(before),
      after: told(row),
      data: { action: "update", id },
    });
    return toSource(row);
  });
}

/** Forgets a source with its selections. @throws NotFound */
export async function deleteBootSource(db: Database, id: number, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await lockSource(tx, id);
    await tx.deleteFrom("boot_sources").where("id", "=", id).execute();
    await appendAudit(tx, {
      type: "boot-source.changed",
      actor,
      at: now,
      message: `${actor} deleted boot source ${before.name}`,
      before: told(before),
      data: { action: "delete", id },
    });
  });
}

async function lockSource(tx: Transaction, id: number): Promise<Row> {
  const row = await tx.selectFrom("boot_sources").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
  if (row === undefined) throw missingSource(id);
  return row;
}
