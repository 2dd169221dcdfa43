import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";

export type SshKey = { id: number; key: string; created_at: string };

/** Whether the key's body says the same kind as its first word (RFC 4253 6.6: the blob begins with its name). */
export function isConsistent(line: string): boolean {
  const [kind = "", body = ""] = line.split(" ");
  const blob = Buffer.from(body, "base64");
  if (blob.length < 4) return false;
  const length = blob.readUInt32BE(0);
  return blob.subarray(4, 4 + length).toString("latin1") === kind && blob.length > 4 + length;
}

export async function listSshKeys(db: Kysely<Tables>, userId: number): Promise<SshKey[]> {
  const rows = await db
    .selectFrom("ssh_keys")
    .select(["id", "key", "created_at"])
    .where("user_id", "=", userId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
}

/** @throws InputError for a line that is no key, StateConflict for one the user has already */
export async function addSshKey(db: Kysely<Tables>, userId: number, key: string, now: Date): Promise<SshKey> {
  if (!isConsistent(key))
    throw InputError.field(
      "key",
      key.slice(0, 100),
      "is no OpenSSH public key: its middle part does not match its kind",
    );
  const row = await db
    .insertInto("ssh_keys")
    .values({ user_id: userId, key, created_at: now })
    .onConflict((conflict) => conflict.columns(["user_id", "key"]).doNothing())
    .returning(["id", "key", "created_at"])
    .executeTakeFirst();
  if (!row) throw new StateConflict("This user has that key already.");
  return { ...row, created_at: row.created_at.toISOString() };
}

/** @throws NotFound */
export async function deleteSshKey(db: Kysely<Tables>, userId: number, id: number): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom("ssh_keys")
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw new NotFound(`There is no SSH key ${id}.`);
}
