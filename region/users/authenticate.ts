import { wrongPassword } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import { logInByLdap } from "./ldap-login.ts";
import { countAttempt, forgiveAttempt } from "./lockout.ts";
import { hashPassword, isForeignHash, verifyPassword } from "./password.ts";

/**
 * Who has this name and password: a user with a password here, or one an LDAP server knows, who is made at the first
 * log-in. An unknown name takes as long as a wrong password.
 *
 * @throws Denied (401, or 429 after too many attempts), OutsideDown when an LDAP server that has to say it does not answer
 */
export async function authenticate(
  db: Database,
  { username, password }: { username: string; password: string },
  { address, now }: { address: string; now: Date },
): Promise<{ userId: number; provider: string }> {
  // Counted before the slow part, so that a volley of attempts at once is limited as well.
  await countAttempt(db, { username, address }, now);
  const user = await db
    .selectFrom("users")
    .select(["id", "password_hash", "is_local"])
    .where("username", "=", username)
    .executeTakeFirst();
  const found =
    user?.is_local === true
      ? await byPassword(db, user, password)
      : ((await logInByLdap(db, { username, password }, now)) ?? (await nobody(password)));
  if (found === null) throw new Denied("User name or password is wrong.", 401, wrongPassword);
  await forgiveAttempt(db, { username, address });
  return found;
}

async function byPassword(
  db: Database,
  { id, password_hash }: { id: number; password_hash: string },
  password: string,
): Promise<{ userId: number; provider: string } | null> {
  if (!(await verifyPassword(password, password_hash))) return null;
  // A hash that was brought from elsewhere is taken once; from now on it is one of ours.
  if (isForeignHash(password_hash))
    await db
      .updateTable("users")
      .set({ password_hash: await hashPassword(password) })
      .where("id", "=", id)
      .where("password_hash", "=", password_hash)
      .execute();
  return { userId: id, provider: "password" };
}

async function nobody(password: string): Promise<null> {
  await hashPassword(password);
  return null;
}
