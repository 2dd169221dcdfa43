import { X509Certificate } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { refuseTooMany } from "./bounds.ts";

export type SslKey = { id: number; key: string };
type Owner = { id: number; username: string };

/** Certificates of a user, the oldest first. */
export async function listSslKeys(db: Kysely<Tables>, userId: number): Promise<SslKey[]> {
  return db.selectFrom("ssl_keys").select(["id", "key"]).where("user_id", "=", userId).orderBy("id").execute();
}

/** @throws NotFound, also for what is another user's */
export async function readSslKey(db: Kysely<Tables>, userId: number, id: number): Promise<SslKey> {
  const row = await db
    .selectFrom("ssl_keys")
    .select(["id", "key"])
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (!row) throw missing(id);
  return row;
}

const missing = (id: number) => new NotFound(`There is no SSL key ${id}.`);

/** @throws InputError for what is no certificate in PEM, StateConflict for one the user has already, or one too many */
export async function addSslKey(
  db: Database,
  { id: userId, username }: Owner,
  text: string,
  now: Date,
): Promise<SslKey> {
  const key = text.trim();
  const subject = subjectOf(key);
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("ssl_keys")
      .values({ user_id: userId, key, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .returning(["id", "key"])
      .executeTakeFirst();
    if (!row) throw new StateConflict("This user has that certificate already.");
    await refuseTooMany(tx, "ssl_keys", userId);
    await appendAudit(tx, {
      type: "ssl-key.changed",
      at: now,
      actor: username,
      message: `${username} added the certificate ${subject}`,
      after: { id: row.id, subject },
      data: { username, change: "created" },
    });
    return row;
  });
}

/** @throws NotFound */
export async function deleteSslKey(
  db: Database,
  { id: userId, username }: Owner,
  id: number,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .deleteFrom("ssl_keys")
      .where("user_id", "=", userId)
      .where("id", "=", id)
      .returning("key")
      .executeTakeFirst();
    if (!row) throw missing(id);
    const subject = subjectOf(row.key);
    await appendAudit(tx, {
      type: "ssl-key.changed",
      at: now,
      actor: username,
      message: `${username} deleted the certificate ${subject}`,
      before: { id, subject },
      data: { username, change: "deleted" },
    });
  });
}

/** Whose certificate it says it is, on one line. @throws InputError for what is no certificate in PEM */
function subjectOf(key: string): string {
  try {
    if (!key.startsWith("-----BEGIN CERTIFICATE-----")) throw new Error("not PEM");
    const { subject, fingerprint256 } = new X509Certificate(key);
    return (subject ?? "").replaceAll("\n", ", ").slice(0, 200) || fingerprint256;
  } catch (cause) {
    const allowed = "must be one certificate in PEM (-----BEGIN CERTIFICATE-----)";
    throw new InputError(`key ${allowed}`, { failures: [{ field: "key", allowed }], cause });
  }
}
