import { wrongPassword } from "@rackwright/contract";
import { createHash, randomBytes } from "node:crypto";
import type { Database } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import type { Caller } from "../machines/fire.ts";
import type { LoginLimiter } from "./limiter.ts";
import { hashPassword, verifyPassword } from "./password.ts";

const sessionHours = 24 * 7;

export type Session = Caller & { csrfToken: string; expiresAt: Date };

const hashOf = (id: string) => createHash("sha256").update(id).digest();

/**
 * Logs a user in. Too many failures of a name or an address are refused before the password is looked at; an unknown
 * name takes as long as a wrong password.
 *
 * @throws Denied
 */
export async function openSession(
  db: Database,
  { username, password }: { username: string; password: string },
  { address, limiter, now }: { address: string; limiter: LoginLimiter; now: Date },
): Promise<{ id: string; session: Session }> {
  const keys = [`name ${username}`, `address ${address}`];
  const wait = Math.max(...keys.map((key) => limiter.wait(key, now)));
  if (wait > 0)
    throw new Denied("There were too many failed attempts to log in.", 429, { next: `Try again in ${wait} seconds.` });
  // Counted before the slow part, so that a volley of attempts at once is limited as well.
  for (const key of keys) limiter.failed(key, now);
  const user = await db.selectFrom("users").selectAll().where("username", "=", username).executeTakeFirst();
  const matches = user ? await verifyPassword(password, user.password_hash) : void (await hashPassword(password));
  if (!user || matches !== true) throw new Denied("User name or password is wrong.", 401, wrongPassword);
  for (const key of keys) limiter.succeeded(key);
  const id = randomBytes(32).toString("base64url");
  const csrfToken = randomBytes(24).toString("base64url");
  const expiresAt = new Date(now.getTime() + sessionHours * 3_600_000);
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto("sessions")
      .values({ id_hash: hashOf(id), user_id: user.id, csrf_token: csrfToken, created_at: now, expires_at: expiresAt })
      .execute();
    await appendAudit(tx, {
      type: "session.changed",
      at: now,
      actor: username,
      message: `${username} logged in from ${address}`,
      after: { address, expires_at: expiresAt },
      data: { username, change: "created" },
    });
  });
  await db.deleteFrom("sessions").where("expires_at", "<", now).execute();
  return { id, session: { id: user.id, username, administrator: user.administrator, csrfToken, expiresAt } };
}

/** The session behind a cookie, or null when there is none or it is over. */
export async function readSession(db: Database, id: string, now: Date): Promise<Session | null> {
  const row = await db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(["users.id", "username", "administrator", "csrf_token", "expires_at"])
    .where("id_hash", "=", hashOf(id))
    .where("expires_at", ">", now)
    .executeTakeFirst();
  if (!row) return null;
  const { csrf_token: csrfToken, expires_at: expiresAt, ...caller } = row;
  return { ...caller, csrfToken, expiresAt };
}

/** Logs out. */
export async function closeSession(db: Database, id: string, now: Date): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const session = await tx
      .deleteFrom("sessions")
      .using("users")
      .whereRef("users.id", "=", "sessions.user_id")
      .where("id_hash", "=", hashOf(id))
      .returning(["users.username", "sessions.expires_at"])
      .executeTakeFirst();
    if (session === undefined) return;
    const { username, expires_at } = session;
    await appendAudit(tx, {
      type: "session.changed",
      at: now,
      actor: username,
      message: `${username} logged out`,
      before: { expires_at },
      data: { username, change: "deleted" },
    });
  });
}
