import type { Kysely } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { createToken, deleteToken } from "./tokens.ts";

export type NamedKey = { name: string; consumer_key: string; token_key: string };

/** The public parts of a user's API keys, the oldest first. */
export async function listKeys(db: Kysely<Tables>, userId: number): Promise<NamedKey[]> {
  return db
    .selectFrom("tokens")
    .select(["name", "consumer_key", "token_key"])
    .where("user_id", "=", userId)
    .orderBy("id")
    .execute();
}

/** Gives an API key another name. @throws NotFound */
export async function renameToken(
  db: Database,
  { id: userId, username }: { id: number; username: string },
  { id, name }: { id: string; name: string },
  { actor, now }: { actor: string; now: Date },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const token = await tx
      .selectFrom("tokens")
      .select(["id", "name"])
      .where("user_id", "=", userId)
      .where("token_key", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (!token) throw new NotFound(`There is no token ${id}.`);
    await tx.updateTable("tokens").set({ name }).where("id", "=", token.id).execute();
    await appendAudit(tx, {
      type: "token.changed",
      at: now,
      actor,
      message: `${actor} named the API key ${token.name === "" ? id : token.name} of ${username} ${name}`,
      before: { name: token.name },
      after: { name },
      data: { username, change: "updated" },
    });
  });
}

/** Keys of one name that are kept of those made by logging in. */
const keptOfName = 10;

/**
 * An API key for a program that logged in with a password. It is a new one each time, since of those made before only
 * hashes are known; of one name the newest few are kept.
 *
 * @throws StateConflict where the user has as many as one may have, of other names
 */
export async function keyForLogin(
  db: Database,
  owner: { id: number; username: string },
  name: string | undefined,
  now: Date,
): Promise<{ key: string; name: string }> {
  const by = { actor: owner.username, now };
  const title = name === undefined || name === "" ? "log-in" : name;
  // First, so that a user who has as many as one may have still logs in again by a name that is there.
  const old = await db
    .selectFrom("tokens")
    .select("token_key")
    .where("user_id", "=", owner.id)
    .where("name", "=", title)
    .orderBy("id", "desc")
    .offset(keptOfName - 1)
    .execute();
  for (const { token_key } of old) await deleteToken(db, owner, token_key, by).catch(passOver);
  const made = await createToken(db, owner, title, by);
  return { key: made.key, name: made.name };
}

/** Another log-in deleted it. */
function passOver(error: unknown): void {
  if (!(error instanceof NotFound)) throw error;
}
