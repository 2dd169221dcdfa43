import type { Database } from "../database/pool.ts";
import { enterExternal } from "./external.ts";
import { askLdap } from "./ldap.ts";
import { OutsideDown } from "../errors.ts";

/**
 * Who a name and password are to the LDAP servers, in the order of their names; null where none of them knows.
 *
 * @throws OutsideDown when no server knows and one could not be asked; Denied of `enterExternal`
 */
export async function logInByLdap(
  db: Database,
  credentials: { username: string; password: string },
  now: Date,
): Promise<{ userId: number; provider: string } | null> {
  const servers = await db
    .selectFrom("ldap_servers")
    .selectAll()
    .where("enabled", "=", true)
    .orderBy("name")
    .limit(10)
    .execute();
  let silent: OutsideDown | null = null;
  for (const server of servers) {
    try {
      const person = await askLdap(server, credentials);
      if (person === null) continue;
      const { username, email, fullName, groups } = person;
      const provider = `ldap:${server.name}`;
      // In a directory it is the name by which somebody logs in that tells who it is.
      const who = { provider, subject: username, username, email, fullName, groups };
      return { userId: await enterExternal(db, who, now), provider };
    } catch (error) {
      if (!(error instanceof OutsideDown)) throw error;
      silent ??= error;
    }
  }
  if (silent !== null) throw silent;
  return null;
}
