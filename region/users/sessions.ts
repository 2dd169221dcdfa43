import { createHash, randomBytes } from "node:crypto";
import { type SessionShown, sessionShown } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import { NotFound } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { readSettings } from "../settings/settings.ts";
import type { Caller } from "./access.ts";
import { authenticate } from "./authenticate.ts";
import { grantsColumn, readCaller, toCaller, vouchedFor } from "./caller.ts";

export type Session = Caller & { csrfToken: string; expiresAt: Date };
/** Where somebody logs in from. */
export type From = { address: string; userAgent?: string | undefined };

/** A use of a session is noted at most this often. */
const noteEvery = 60_000;
const longestAgent = 300;

const hashOf = (id: string) => createHash("sha256").update(id).digest();

/**
 * Logs a user in by a password. Too many failures of a name or an address are refused before the password is looked at.
 *
 * @throws Denied
 */
export async function openSession(
  db: Database,
  credentials: { username: string; password: string },
  { now, ...from }: From & { now: Date },
): Promise<{ id: string; session: Session }> {
  const { userId, provider } = await authenticate(db, credentials, { ...from, now });
  return beginSession(db, userId, { ...from, provider, now });
}

/**
 * Begins a session of a user who has proved who he is. Its length is a setting.
 *
 * @throws NotFound for a user who was deleted meanwhile
 */
export async function beginSession(
  db: Database,
  userId: number,
  { address, userAgent, provider, now }: From & { provider: string; now: Date },
): Promise<{ id: string; session: Session }> {
  const id = randomBytes(32).toString("base64url");
  const csrfToken = randomBytes(24).toString("base64url");
  const session = await db.transaction().execute(async (tx) => {
    const caller = await readCaller(tx, userId);
    if (caller === null) throw new NotFound("There is no such user any more.");
    const expiresAt = new Date(now.getTime() + (await readSettings(tx)).session_length * 1000);
    await tx
      .insertInto("sessions")
      .values({
        id_hash: hashOf(id),
        user_id: userId,
        csrf_token: csrfToken,
        created_at: now,
        expires_at: expiresAt,
        address,
        user_agent: userAgent?.slice(0, longestAgent) ?? null,
        provider,
      })
      .execute();
    await tx.updateTable("users").set({ last_login_at: now }).where("id", "=", userId).execute();
    await appendAudit(tx, {
      type: "session.changed",
      at: now,
      actor: caller.username,
      message: `${caller.username} logged in from ${address}`,
      after: { address, provider, expires_at: expiresAt },
      data: { username: caller.username, change: "created" },
    });
    return { ...caller, csrfToken, expiresAt };
  });
  await db.deleteFrom("sessions").where("expires_at", "<", now).execute();
  return { id, session };
}

/** The session behind a cookie, or null when there is none, it is over, or nobody vouches for its user. */
export async function readSession(db: Database, id: string, now: Date): Promise<Session | null> {
  const row = await db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(["users.id", "username", "administrator", grantsColumn.as("grants"), "csrf_token", "expires_at"])
    .select("last_used_at")
    .where("id_hash", "=", hashOf(id))
    .where("expires_at", ">", now)
    .where(vouchedFor)
    .executeTakeFirst();
  if (!row) return null;
  const { csrf_token: csrfToken, expires_at: expiresAt, last_used_at, ...user } = row;
  if (last_used_at === null || now.getTime() - last_used_at.getTime() > noteEvery)
    await db.updateTable("sessions").set({ last_used_at: now }).where("id_hash", "=", hashOf(id)).execute();
  return { ...toCaller(user), csrfToken, expiresAt };
}

export const sessionList = declareList("sessions", sessionShown, { order: ["id"], descending: true });

/**
 * One page of a user's sessions that are not over, filtered and sorted as asked for; else the newest first.
 *
 * @param current the cookie of whoever asks
 * @throws InputError
 */
export async function listSessions(
  db: Database,
  userId: number,
  { current, now, ...asked }: Asked & { current: string | undefined; now: Date },
): Promise<Page<SessionShown>> {
  const rows = db
    .selectFrom("sessions")
    .select(["id", "address", "user_agent", "provider", "created_at", "last_used_at", "expires_at"])
    .select(sql<boolean>`id_hash = ${current === undefined ? Buffer.alloc(0) : hashOf(current)}::bytea`.as("current"))
    .where("user_id", "=", userId)
    .where("expires_at", ">", now);
  return showPage(await listPage(db, sessionList, rows, asked), ({ created_at, last_used_at, expires_at, ...row }) => ({
    ...row,
    created_at: created_at.toISOString(),
    last_used_at: last_used_at?.toISOString() ?? null,
    expires_at: expires_at.toISOString(),
  }));
}

/** Which sessions of a user shall end: one by its cookie or its number, or every one. */
export type Ending = { cookie: string } | { id: number } | "all";

/** Ends sessions of a user. @throws NotFound for a number the user has no session of */
export async function endSessions(
  db: Database,
  { id: userId, username }: { id: number; username: string },
  which: Ending,
  { actor, now }: { actor: string; now: Date },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const ended = await tx
      .deleteFrom("sessions")
      .where("user_id", "=", userId)
      .$if(which !== "all" && "cookie" in which, (query) =>
        query.where("id_hash", "=", hashOf(which !== "all" && "cookie" in which ? which.cookie : "")),
      )
      .$if(which !== "all" && "id" in which, (query) =>
        query.where("id", "=", which !== "all" && "id" in which ? which.id : 0),
      )
      .returning(["id", "expires_at"])
      .execute();
    if (ended.length === 0 && which !== "all" && "id" in which)
      throw new NotFound(`There is no session ${which.id} of ${username}.`);
    if (ended.length === 0 && which !== "all") return;
    await appendAudit(tx, {
      type: "session.changed",
      at: now,
      actor,
      message:
        which !== "all" && "cookie" in which
          ? `${username} logged out`
          : `${actor} ended ${which === "all" ? "every session" : "a session"} of ${username}`,
      before: { sessions: ended.length, expires_at: ended[0]?.expires_at },
      data: { username, change: "deleted" },
    });
  });
}

/** Logs out. */
export async function closeSession(db: Database, cookie: string, now: Date): Promise<void> {
  const session = await readSession(db, cookie, now);
  if (session !== null) await endSessions(db, session, { cookie }, { actor: session.username, now });
}
