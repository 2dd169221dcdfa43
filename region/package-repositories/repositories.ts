import {
  type PackageRepository,
  type PackageRepositoryCreate,
  type PackageRepositoryUpdate,
  packageRepository,
} from "@rackwright/contract";
import { type Kysely, type Selectable, sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { PackageRepositoriesTable } from "../database/tables/stored.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";

export type By = { actor: string; now: Date };
/** Ubuntu's own archives, which are there from the start. */
export type BuiltinArchive = "main_archive" | "ports_archive";

const toRepository = ({ builtin, ...row }: Selectable<PackageRepositoriesTable>): PackageRepository => ({
  ...row,
  builtin: builtin !== null,
});

const missing = (id: number): NotFound =>
  new NotFound(`There is no package repository ${id}.`, { next: "GET /api/v1/package-repositories lists them." });

export const repositoryList = declareList("package-repositories", packageRepository, {
  order: ["id"],
  fields: { builtin: { value: sql`(listed.builtin is not null)` } },
});

/** One page, filtered and sorted as asked for; else in the order they were made. @throws InputError */
export async function listRepositories(db: Kysely<Tables>, asked: Asked): Promise<Page<PackageRepository>> {
  const rows = db.selectFrom("package_repositories").selectAll();
  return showPage(await listPage(db, repositoryList, rows, asked), toRepository);
}

/** One package repository. @throws NotFound */
export async function readRepository(db: Kysely<Tables>, id: number): Promise<PackageRepository> {
  const row = await db.selectFrom("package_repositories").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw missing(id);
  return toRepository(row);
}

/** Number of one of Ubuntu's own archives. */
export async function builtinArchive(db: Kysely<Tables>, builtin: BuiltinArchive): Promise<PackageRepository> {
  const row = await db
    .selectFrom("package_repositories")
    .selectAll()
    .where("builtin", "=", builtin)
    .executeTakeFirstOrThrow();
  return toRepository(row);
}

async function requireFreeName(tx: Transaction, name: string | undefined, id?: number): Promise<void> {
  if (name === undefined) return;
  const other = await tx.selectFrom("package_repositories").select("id").where("name", "=", name).executeTakeFirst();
  if (other !== undefined && other.id !== id)
    throw new StateConflict(`There is a package repository ${name} already.`, { next: "Choose another name." });
}

/** @throws StateConflict when the name is taken */
export async function createRepository(
  db: Database,
  fields: PackageRepositoryCreate,
  { actor, now }: By,
): Promise<PackageRepository> {
  return db.transaction().execute(async (tx) => {
    await requireFreeName(tx, fields.name);
    const row = await tx.insertInto("package_repositories").values(fields).returningAll().executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "package-repository.changed",
      actor,
      at: now,
      message: `${actor} made package repository ${row.name}`,
      after: fields,
      data: { action: "create", id: row.id },
    });
    return toRepository(row);
  });
}

/** Changes what is given. Ubuntu's own archives keep their names. @throws NotFound, InputError, StateConflict */
export async function updateRepository(
  db: Database,
  id: number,
  change: PackageRepositoryUpdate,
  { actor, now }: By,
): Promise<PackageRepository> {
  return db.transaction().execute(async (tx) => {
    const before = await tx
      .selectFrom("package_repositories")
      .selectAll()
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) throw missing(id);
    if (before.builtin !== null && change.name !== undefined && change.name !== before.name)
      throw InputError.field("name", change.name, `must stay ${before.name}: it is one of Ubuntu's own archives`);
    await requireFreeName(tx, change.name, id);
    const row =
      Object.keys(change).length === 0
        ? before
        : await tx
            .updateTable("package_repositories")
            .set(change)
            .where("id", "=", id)
            .returningAll()
            .executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "package-repository.changed",
      actor,
      at: now,
      message: `${actor} changed package repository ${before.name}`,
      before,
      after: row,
      data: { action: "update", id },
    });
    return toRepository(row);
  });
}

/** @throws NotFound, StateConflict for Ubuntu's own archives */
export async function deleteRepository(db: Database, id: number, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await tx
      .selectFrom("package_repositories")
      .selectAll()
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) throw missing(id);
    if (before.builtin !== null)
      throw new StateConflict(`${before.name} is one of Ubuntu's own archives and cannot be deleted.`, {
        next: "Disable it instead, or give it the address of a mirror.",
      });
    await tx.deleteFrom("package_repositories").where("id", "=", id).execute();
    await appendAudit(tx, {
      type: "package-repository.changed",
      actor,
      at: now,
      message: `${actor} deleted package repository ${before.name}`,
      before,
      data: { action: "delete", id },
    });
  });
}
