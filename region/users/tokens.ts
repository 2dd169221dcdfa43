import { createHash, timingSafeEqual } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { randomText } from "../machines/credentials.ts";
import type { Caller } from "../machines/fire.ts";

/** Whose key it is, and who deals with it. */
type Owner = { id: number; username: string };
type By = { actor: string; now: Date };

export type Token = { id: string; name: string; created_at: string; last_used_at: string | null };

/** A use is noted at most this often. */
const noteEvery = 60_000;

// The secret is 32 random characters: a plain hash of it cannot be guessed, and is quick enough for every request.
const hashOf = (secret: string) => createHash("sha256").update(secret).digest();

type Row = { token_key: string; name: string; created_at: Date; last_used_at: Date | null };
const toToken = ({ token_key, name, created_at, last_used_at }: Row): Token => ({
  id: token_key,
  name,
  created_at: created_at.toISOString(),
  last_used_at: last_used_at?.toISOString() ?? null,
});

export async function listTokens(db: Kysely<Tables>, userId: number): Promise<Token[]> {
  const rows = await db.selectFrom("tokens").selectAll().where("user_id", "=", userId).orderBy("id").execute();
  return rows.map(toToken);
}

/** Makes an API key. The answer holds the only copy of its secret. */
export async function createToken(
  db: Database,
  { id: userId, username }: Owner,
  name: string,
  { actor, now }: By,
): Promise<Token & { key: string }> {
  const [consumer_key, token_key, secret] = [randomText(18), randomText(18), randomText(32)];
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("tokens")
      .values({ user_id: userId, name, consumer_key, token_key, secret_hash: hashOf(secret), created_at: now })
      .returningAll()
      .executeTakeFirstOrThrow();
    await appendAudit(tx, {
      type: "token.changed",
      at: now,
      actor,
      message: `${actor} made the API key ${name === "" ? token_key : name} of ${username}`,
      after: { id: token_key, name, username },
      data: { username, change: "created" },
    });
    return { ...toToken(row), key: `${consumer_key}:${token_key}:${secret}` };
  });
}

/** @throws NotFound */
export async function deleteToken(
  db: Database,
  { id: userId, username }: Owner,
  id: string,
  { actor, now }: By,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const token = await tx
      .deleteFrom("tokens")
      .where("user_id", "=", userId)
      .where("token_key", "=", id)
      .returning(["name"])
      .executeTakeFirst();
    if (token === undefined) throw new NotFound(`There is no token ${id}.`);
    await appendAudit(tx, {
      type: "token.changed",
      at: now,
      actor,
      message: `${actor} deleted the API key ${token.name === "" ? id : token.name} of ${username}`,
      before: { id, name: token.name, username },
      data: { username, change: "deleted" },
    });
  });
}

/** The user behind an API key `consumer:token:secret`, or null. */
export async function verifyToken(db: Kysely<Tables>, key: string, now: Date): Promise<Caller | null> {
  const [consumer, token, secret, ...rest] = key.split(":");
  if (!consumer || !token || !secret || rest.length > 0) return null;
  const row = await db
    .selectFrom("tokens")
    .innerJoin("users", "users.id", "tokens.user_id")
    .select([
      "tokens.id as tokenId",
      "consumer_key",
      "secret_hash",
      "last_used_at",
      "users.id",
      "username",
      "administrator",
    ])
    .where("token_key", "=", token)
    .executeTakeFirst();
  if (!row || row.consumer_key !== consumer || !timingSafeEqual(row.secret_hash, hashOf(secret))) return null;
  if (row.last_used_at === null || now.getTime() - row.last_used_at.getTime() > noteEvery)
    await db.updateTable("tokens").set({ last_used_at: now }).where("id", "=", row.tokenId).execute();
  return { id: row.id, username: row.username, administrator: row.administrator };
}
