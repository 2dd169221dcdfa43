import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";

/** What a user may have, besides credentials and files, which are nobody else's: table, column, and what people call it. */
const belongings = [
  { table: "machines", owner: "owner_id", title: "machines" },
  { table: "devices", owner: "owner_id", title: "devices" },
  { table: "ip_addresses", owner: "user_id", title: "IP addresses" },
  // Ranges stay without anybody whose they are.
  { table: "ip_ranges", owner: "user_id", title: null },
] as const;

/** What a user has that somebody must have, in words such as `machines (2), devices (1)`; empty where there is none. */
export async function belongingsOf(tx: Transaction, userId: number): Promise<string> {
  const counts = belongings.flatMap(({ table, owner, title }) =>
    title === null
      ? []
      : sql`select ${title} as title, count(*)::integer as count from ${sql.table(table)} where ${sql.ref(owner)} = ${userId}`,
  );
  const { rows } = await sql<{ title: string; count: number }>`${sql.join(counts, sql` union all `)}`.execute(tx);
  const some = rows.filter(({ count }) => count > 0);
  return some.map(({ title, count }) => `${title} (${count})`).join(", ");
}

/** Gives everything a user has to another one. */
export async function transferBelongings(tx: Transaction, from: number, to: number): Promise<void> {
  for (const { table, owner } of belongings)
    await sql`update ${sql.table(table)} set ${sql.ref(owner)} = ${to} where ${sql.ref(owner)} = ${from}`.execute(tx);
}
