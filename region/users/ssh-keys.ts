import { sshKey } from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { refuseTooMany } from "./bounds.ts";

export type SshKey = {
  id: number;
  key: string;
  /** Where it was imported from, such as `gh:name`; empty for one given by hand. */
  source: string;
  created_at: string;
};

/** Whether the key's body says the same kind as its first word (RFC 4253 6.6: the blob begins with its name). */
export function isConsistent(line: string): boolean {
  const [kind = "", body = ""] = line.split(" ");
  const blob = Buffer.from(body, "base64");
  if (blob.length < 4) return false;
  const length = blob.readUInt32BE(0);
  return blob.subarray(4, 4 + length).toString("latin1") === kind && blob.length > 4 + length;
}

const keysOf = (db: Kysely<Tables>, userId: number) =>
  db.selectFrom("ssh_keys").select(["id", "key", "source", "created_at"]).where("user_id", "=", userId);
const shown = (row: Omit<SshKey, "created_at"> & { created_at: Date }): SshKey => ({
  ...row,
  created_at: row.created_at.toISOString(),
});

export const sshKeyList = declareList("ssh-keys", sshKey, { order: ["id"] });

/** One page of a user's keys, filtered and sorted as asked for; else in the order they were added. @throws InputError */
export async function pageOfSshKeys(db: Kysely<Tables>, userId: number, asked: Asked): Promise<Page<SshKey>> {
  return showPage(await listPage(db, sshKeyList, keysOf(db, userId), asked), shown);
}

/** Every key of a user, in the order they were added. */
export async function listSshKeys(db: Kysely<Tables>, userId: number): Promise<SshKey[]> {
  return (await keysOf(db, userId).orderBy("id").execute()).map(shown);
}

/** @throws InputError for a line that is no key, StateConflict for one the user has already, or one too many */
export async function addSshKey(
  db: Database,
  { id: userId, username }: { id: number; username: string },
  key: string,
  now: Date,
): Promise<SshKey> {
  if (!isConsistent(key))
    throw InputError.field(
      "key",
      key.slice(0, 100),
      "is no OpenSSH public key: its middle part does not match its kind",
    );
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("ssh_keys")
      .values({ user_id: userId, key, created_at: now })
      .onConflict((conflict) => conflict.columns(["user_id", "key"]).doNothing())
      .returning(["id", "key", "source", "created_at"])
      .executeTakeFirst();
    if (!row) throw new StateConflict("This user has that key already.");
    await refuseTooMany(tx, "ssh_keys", userId);
    await appendAudit(tx, {
      type: "ssh-key.changed",
      at: now,
      actor: username,
      message: `${username} added the SSH key ${nameOf(key)}`,
      after: { id: row.id, ssh_key: key },
      data: { username, change: "created" },
    });
    return shown(row);
  });
}

/** A key as people call it: its comment, else its kind. */
const nameOf = (key: string): string => key.split(" ").slice(2).join(" ") || (key.split(" ")[0] ?? "");

/** @throws NotFound */
export async function deleteSshKey(
  db: Database,
  { id: userId, username }: { id: number; username: string },
  id: number,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .deleteFrom("ssh_keys")
      .where("user_id", "=", userId)
      .where("id", "=", id)
      .returning("key")
      .executeTakeFirst();
    if (row === undefined) throw new NotFound(`There is no SSH key ${id}.`);
    await appendAudit(tx, {
      type: "ssh-key.changed",
      at: now,
      actor: username,
      message: `${username} deleted the SSH key ${nameOf(row.key)}`,
      before: { id, ssh_key: row.key },
      data: { username, change: "deleted" },
    });
  });
}
