import type { Database } from "../database/pool.ts";
import { type RawBuilder, sql } from "kysely";
import { Denied } from "../errors.ts";
import { countedAddress } from "./counted-address.ts";

/** Failed attempts allowed before no more are looked at. */
const allowed = { name: 10, address: 30 };
/** After this many milliseconds without a counted attempt, everything is forgotten. */
const windowMillis = 15 * 60_000;

/** A name as its attempts are counted: directories look past case and outer spaces, and take some for one. */
export const countedName = (username: string): string => username.trim().replaceAll(/\s+/g, " ").toLowerCase();

type Kind = keyof typeof allowed;
type Attempt = { username: string; address: string };

/** Until when attempts of a name are not looked at; null: they are. */
export function lockedUntil(failures: number | null, lastAt: Date | null, now?: Date): Date | null {
  if (failures === null || lastAt === null || failures < allowed.name) return null;
  const until = new Date(lastAt.getTime() + windowMillis);
  return now !== undefined && until <= now ? null : until;
}

/** The same in SQL, of the columns of failures and of the last one. */
export const lockedUntilOf = (failures: RawBuilder<unknown>, lastAt: RawBuilder<unknown>): RawBuilder<Date | null> =>
  sql<Date | null>`case when ${failures} >= ${sql.lit(allowed.name)}
    then ${lastAt} + ${sql.lit(windowMillis / 1000)} * interval '1 second' end`;

/**
 * Counts an attempt to log in, before the password is looked at, so that a volley of them at once is limited as well. The
 * count is in the database: every region counts alike, and a restart forgets nothing.
 *
 * @throws Denied (429) when the name or the address had too many that failed
 */
export async function countAttempt(db: Database, { username, address }: Attempt, now: Date): Promise<void> {
  const old = new Date(now.getTime() - windowMillis);
  await db.deleteFrom("login_failures").where("last_at", "<=", old).execute();
  for (const [kind, key] of [
    ["address", countedAddress(address)],
    ["name", countedName(username)],
  ] as const) {
    // What is over the limit is not counted any more: the lock ends, however often somebody tries meanwhile.
    const { rows } = await sql<{ failures: number; last_at: Date }>`
      insert into login_failures as f (kind, key, failures, since, last_at)
      values (${kind}, ${key}, 1, ${now}, ${now})
      on conflict (kind, key) do update set failures = f.failures + 1,
        last_at = case when f.failures >= ${allowed[kind]} then f.last_at else excluded.last_at end
      returning failures, last_at`.execute(db);
    const [row] = rows;
    if (row === undefined || row.failures <= allowed[kind]) continue;
    const seconds = Math.max(1, Math.ceil((row.last_at.getTime() + windowMillis - now.getTime()) / 1000));
    throw new Denied("There were too many failed attempts to log in.", 429, {
      next: `Try again in ${seconds} seconds, or ask an administrator to unlock the user.`,
    });
  }
}

/** Takes a counted attempt back, since it succeeded. Others from the same address still count. */
export async function forgiveAttempt(db: Database, { username, address }: Attempt): Promise<void> {
  await forget(db, "name", username);
  const key = countedAddress(address);
  await sql`update login_failures set failures = greatest(0, failures - 1)
    where kind = 'address' and key = ${key}`.execute(db);
}

/** Lets a name, or an address, try again. Returns whether there was anything to forget. */
export async function forget(db: Database, kind: Kind, key: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("login_failures")
    .where("kind", "=", kind)
    .where("key", "=", kind === "name" ? countedName(key) : countedAddress(key))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
