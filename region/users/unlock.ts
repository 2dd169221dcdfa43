import type { User } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { appendAudit } from "../events/audit.ts";
import { forget } from "./lockout.ts";
import { readUser } from "./users.ts";

/** Forgets the failed attempts to log in of a user, in whatever case the name was typed. @throws NotFound */
export async function unlockUser(
  db: Database,
  username: string,
  { actor, now }: { actor: string; now: Date },
): Promise<User> {
  return db.transaction().execute(async (tx) => {
    const user = await readUser(tx, username);
    await forget(tx, "name", username);
    const after = await readUser(tx, username);
    await appendAudit(tx, {
      type: "user.changed",
      at: now,
      actor,
      message: `${actor} let ${username} log in again`,
      before: { locked_until: user.locked_until },
      after: { locked_until: after.locked_until },
      data: { username, change: "unlocked" },
    });
    return after;
  });
}
