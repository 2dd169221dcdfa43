import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";

/** How many of each a user may have. Nobody needs so many, and lists of them are answered whole. */
const most = 1000;
const titles = { tokens: "API keys", ssh_keys: "SSH keys", ssl_keys: "SSL keys" } as const;

/**
 * Refuses what was just added for a user where it is one too many; the transaction takes it back. The user's row is held
 * first, so that of two who add the last one at once the second counts what the first added.
 *
 * @throws StateConflict
 */
export async function refuseTooMany(tx: Transaction, table: keyof typeof titles, userId: number): Promise<void> {
  await tx.selectFrom("users").select("id").where("id", "=", userId).forNoKeyUpdate().execute();
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from ${sql.table(table)} where user_id = ${userId}`.execute(tx);
  if ((rows[0]?.count ?? 0) <= most) return;
  throw new StateConflict(`A user may have at most ${most} ${titles[table]}.`, {
    next: "Delete those that are not needed any more.",
  });
}
