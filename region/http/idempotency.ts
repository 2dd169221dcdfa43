import { answerNotKept, idempotencyKeyBusy } from "@rackwright/contract";
import { createHash, createHmac } from "node:crypto";
import { sql } from "kysely";
import { type Database, json } from "../database/pool.ts";
import { InputError, KeyReused, StateConflict } from "../errors.ts";

/** How long an answer is kept. */
export const keptFor = 24 * 3_600_000;
/** Characters of an answer that are kept; of longer ones only that there was one. */
const longest = 1_000_000;

/** A request as far as it must be the same to be the same one. */
export type KeyedRequest = { userId: number; key: string; method: string; url: string; body: unknown };
/** `body` of null: there was one, and it is not kept. */
export type KeptAnswer = { status: number; headers: Record<string, string>; body: string | null };

const keyHash = ({ key }: KeyedRequest): Buffer => createHash("sha256").update(key).digest();
// Under the key, which is not stored: the body may hold a password somebody could try to guess from a plain hash.
const requestHash = ({ key, method, url, body }: KeyedRequest): Buffer =>
  createHmac("sha256", key)
    .update(JSON.stringify([method, url, body ?? null]))
    .digest();

/** The header's value. @throws InputError where it cannot be a key */
export function readKey(header: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw InputError.field(
    "Idempotency-Key",
    header.slice(0, 50),
    "must be 1 to 255 visible ASCII characters, such as a random UUID",
  );
}

/**
 * Takes the key for the open transaction, and gives the answer where the request was done already; null where it is to be
 * done now.
 *
 * @throws KeyReused for another request, StateConflict while the first one is being done or where its answer is not kept
 */
export async function takeKey(db: Database, request: KeyedRequest, now: Date): Promise<KeptAnswer | null> {
  const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(hashtextextended(
    ${`idempotency key ${request.userId} ${keyHash(request).toString("hex")}`}, 0)) as taken`.execute(db);
  if (rows[0]?.taken !== true)
    throw new StateConflict("A request with this Idempotency-Key is being done at this moment.", idempotencyKeyBusy);
  const found = await db
    .selectFrom("idempotency_keys")
    .select(["request_hash", "status", "headers", "body"])
    .where("user_id", "=", request.userId)
    .where("key_hash", "=", keyHash(request))
    .where("created_at", ">", new Date(now.getTime() - keptFor))
    .executeTakeFirst();
  if (found === undefined) return null;
  if (!found.request_hash.equals(requestHash(request)))
    throw new KeyReused("This Idempotency-Key came with another request before.");
  if (found.body === null)
    throw new StateConflict("This was done already, and its answer was not kept.", answerNotKept);
  return { status: found.status, headers: found.headers, body: found.body };
}

/** Keeps the answer, in the transaction that did what was asked. */
export async function keepAnswer(db: Database, request: KeyedRequest, answer: KeptAnswer, now: Date): Promise<void> {
  const body = answer.body !== null && answer.body.length <= longest ? answer.body : null;
  const row = {
    request_hash: requestHash(request),
    created_at: now,
    status: answer.status,
    headers: json(answer.headers),
    body,
  };
  await db
    .insertInto("idempotency_keys")
    .values({ user_id: request.userId, key_hash: keyHash(request), ...row })
    .onConflict((conflict) => conflict.columns(["user_id", "key_hash"]).doUpdateSet(row))
    .execute();
}

/** Forgets answers that were kept long enough. */
export async function sweepKeys(db: Database, now: Date): Promise<void> {
  await db
    .deleteFrom("idempotency_keys")
    .where("created_at", "<", new Date(now.getTime() - keptFor))
    .execute();
}
