import { type Kysely, sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound } from "../errors.ts";
import { type Fields, appendAudit } from "../events/audit.ts";
import type { Caller } from "../users/access.ts";

/** Bytes of one file, and of all files of one user. */
export const largestFile = 32 * 1024 * 1024;
export const largestStore = 1024 * 1024 * 1024;
const mostFiles = 10_000;
const longestName = 255;

/** A file as lists have it; `key` lets a stranger read it. */
export type StoredFile = { filename: string; key: string };

const missing = (filename: string): NotFound =>
  new NotFound(`There is no file '${filename.slice(0, 200)}' of yours.`, {
    next: "List your files to see their names.",
  });

/** The caller's files whose names begin with `prefix`, by name. */
export async function listFiles(db: Kysely<Tables>, caller: Caller, prefix = ""): Promise<StoredFile[]> {
  return db
    .selectFrom("files")
    .select(["filename", "key"])
    .where("user_id", "=", caller.id)
    .where(sql<boolean>`starts_with(filename, ${prefix})`)
    .orderBy("filename")
    .execute();
}

/** One of the caller's files with what is in it. @throws NotFound */
export async function readFile(
  db: Kysely<Tables>,
  caller: Caller,
  filename: string,
): Promise<StoredFile & { content: Buffer }> {
  const row = await db
    .selectFrom("files")
    .select(["filename", "key", "content"])
    .where("user_id", "=", caller.id)
    .where("filename", "=", filename)
    .executeTakeFirst();
  if (row === undefined) throw missing(filename);
  return row;
}

/** What is in the file of this key, whoever asks: the key is the permission. @throws NotFound */
export async function readFileByKey(db: Kysely<Tables>, key: string): Promise<Buffer> {
  const row = await db.selectFrom("files").select("content").where("key", "=", key).executeTakeFirst();
  if (row === undefined) throw new NotFound("There is no file with this key.");
  return row.content;
}

/** Keeps a file for the caller; one of the same name is replaced, and keeps its key. @throws InputError */
export async function writeFile(
  db: Database,
  caller: Caller,
  { filename, content }: { filename: string; content: Buffer },
  now: Date,
): Promise<void> {
  if (filename === "" || filename.length > longestName)
    throw InputError.field("filename", filename.slice(0, 300), `must have 1 to ${longestName} characters`);
  if (content.length > largestFile)
    throw InputError.field("file", undefined, `must have at most ${largestFile} bytes; it has ${content.length}`);
  await db.transaction().execute(async (tx) => {
    // One writer of a user at a time, so that together they stay below the limit.
    await tx.selectFrom("users").select("id").where("id", "=", caller.id).forUpdate().execute();
    const others = await tx
      .selectFrom("files")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .select(sql<number>`coalesce(sum(size), 0)::bigint`.as("size"))
      .where("user_id", "=", caller.id)
      .where("filename", "<>", filename)
      .executeTakeFirstOrThrow();
    if (others.size + content.length > largestStore || others.count >= mostFiles)
      throw InputError.field(
        "file",
        undefined,
        `must leave your files below ${largestStore} bytes and ${mostFiles} files`,
      );
    const size = content.length;
    const row = await tx
      .insertInto("files")
      .values({ user_id: caller.id, filename, content, size, created_at: now })
      .onConflict((conflict) =>
        conflict.columns(["user_id", "filename"]).doUpdateSet({ content, size, created_at: now }),
      )
      .returning("id")
      .executeTakeFirstOrThrow();
    await audit(tx, caller, now, { what: "stored", filename, after: { filename, size }, id: row.id });
  });
}

/** Forgets one of the caller's files. @throws NotFound */
export async function deleteFile(db: Database, caller: Caller, filename: string, now: Date): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .deleteFrom("files")
      .where("user_id", "=", caller.id)
      .where("filename", "=", filename)
      .returning(["id", "size"])
      .executeTakeFirst();
    if (row === undefined) throw missing(filename);
    await audit(tx, caller, now, { what: "deleted", filename, before: { filename, size: row.size }, id: row.id });
  });
}

async function audit(
  tx: Transaction,
  { username: actor }: Caller,
  at: Date,
  { what, filename, id, ...states }: { what: string; filename: string; id: number; before?: Fields; after?: Fields },
): Promise<void> {
  const message = `${actor} ${what} file ${filename}`;
  await appendAudit(tx, { type: "file.changed", actor, at, message, ...states, data: { action: what, id } });
}
