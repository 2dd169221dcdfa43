import { createHash, timingSafeEqual } from "node:crypto";
import { token as tokenSchema } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, NotFound } from "../errors.ts";
import { knownNames } from "../known-names.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { randomText } from "../machines/credentials.ts";
import { type Page, showPage } from "../page.ts";
import type { Caller } from "./access.ts";
import { refuseTooMany } from "./bounds.ts";
import { grantsColumn, toCaller, vouchedFor } from "./caller.ts";

/** Whose key it is, and who deals with it. */
type Owner = { id: number; username: string };
type By = { actor: string; now: Date };

/** What a key may: everything its user may, or less. */
export type TokenLimits = { scope: "all" | "read"; pool: string | null; expires_at: string | null };
export type Token = { id: string; name: string; created_at: string; last_used_at: string | null } & TokenLimits;

const unlimited: TokenLimits = { scope: "all", pool: null, expires_at: null };

/** A use is noted at most this often. */
const noteEvery = 60_000;

// The secret is 32 random characters: a plain hash of it cannot be guessed, and is quick enough for every request.
const hashOf = (secret: string) => createHash("sha256").update(secret).digest();

function tokens(db: Kysely<Tables>) {
  return db
    .selectFrom("tokens")
    .leftJoin("pools", "pools.id", "tokens.pool_id")
    .select([
      "tokens.id as number",
      "token_key",
      "tokens.name",
      "tokens.created_at",
      "last_used_at",
      "scope",
      "expires_at",
    ])
    .select("pools.name as pool");
}
type Row = Awaited<ReturnType<ReturnType<typeof tokens>["executeTakeFirstOrThrow"]>>;
const toToken = ({ number: _number, token_key, created_at, last_used_at, expires_at, ...row }: Row): Token => ({
  id: token_key,
  ...row,
  created_at: created_at.toISOString(),
  last_used_at: last_used_at?.toISOString() ?? null,
  expires_at: expires_at?.toISOString() ?? null,
});

export const tokenList = declareList("tokens", tokenSchema, {
  order: [{ expression: sql`listed.number`, type: "bigint" }],
  fields: { id: { value: sql`listed.token_key` }, pool: { cased: true } },
});

/** One page of a user's API keys, filtered and sorted as asked for; else in the order they were made. @throws InputError */
export async function listTokens(db: Kysely<Tables>, userId: number, asked: Asked): Promise<Page<Token>> {
  return showPage(await listPage(db, tokenList, tokens(db).where("user_id", "=", userId), asked), toToken);
}

/**
 * Makes an API key. The answer holds the only copy of its secret.
 *
 * @throws InputError for a pool that does not exist, or an end that is over already; StateConflict where the user has as
 * many as one may have
 */
export async function createToken(
  db: Database,
  { id: userId, username }: Owner,
  name: string,
  { actor, now }: By,
  { scope, pool, expires_at }: TokenLimits = unlimited,
): Promise<Token & { key: string }> {
  if (expires_at !== null && new Date(expires_at) <= now)
    throw InputError.field("expires_at", expires_at, "must be a moment to come");
  const [consumer_key, token_key, secret] = [randomText(18), randomText(18), randomText(32)];
  return db.transaction().execute(async (tx) => {
    const place =
      pool === null ? null : await tx.selectFrom("pools").select("id").where("name", "=", pool).executeTakeFirst();
    if (place === undefined)
      throw InputError.field("pool", pool, `must name a resource pool; ${await knownNames(tx, "pools", [pool ?? ""])}`);
    const { id } = await tx
      .insertInto("tokens")
      .values({
        user_id: userId,
        name,
        consumer_key,
        token_key,
        secret_hash: hashOf(secret),
        created_at: now,
        scope,
        pool_id: place?.id ?? null,
        expires_at: expires_at === null ? null : new Date(expires_at),
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    await refuseTooMany(tx, "tokens", userId);
    await appendAudit(tx, {
      type: "token.changed",
      at: now,
      actor,
      message: `${actor} made the API key ${name === "" ? token_key : name} of ${username}`,
      after: { id: token_key, name, username, scope, pool, expires_at },
      data: { username, change: "created" },
    });
    const row = await tokens(tx).where("tokens.id", "=", id).executeTakeFirstOrThrow();
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

/** The user behind an API key `consumer:token:secret`, or null; null also while nobody vouches for the user. */
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
      grantsColumn.as("grants"),
      "scope",
      "tokens.pool_id",
    ])
    .where("token_key", "=", token)
    .where((where) => where.or([where("tokens.expires_at", "is", null), where("tokens.expires_at", ">", now)]))
    .where(vouchedFor)
    .executeTakeFirst();
  if (!row || row.consumer_key !== consumer || !timingSafeEqual(row.secret_hash, hashOf(secret))) return null;
  if (row.last_used_at === null || now.getTime() - row.last_used_at.getTime() > noteEvery)
    await db.updateTable("tokens").set({ last_used_at: now }).where("id", "=", row.tokenId).execute();
  return toCaller(row, row);
}
