import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";

/** PostgreSQL channel on which regions learn that configuration documents of racks must be made anew. */
export const configChannel = "rackwright_config";

/**
 * Says that something racks must know has changed (subnets, ranges, machines' names and addresses, images). Every
 * region process makes the documents of its racks anew after the transaction has committed.
 */
export async function notifyRacks(db: Database | Transaction): Promise<void> {
  await sql`select pg_notify(${configChannel}, '')`.execute(db);
}
