import type { Database } from "../database/pool.ts";
import type { Log } from "../log.ts";
import { fire } from "./fire.ts";
import { explainTimeout } from "./timeout.ts";

/**
 * Ends every wait that is over its deadline, one machine a transaction. Any region may do it at any time: a machine
 * another region has in hand is passed over, and one that makes trouble does not keep the others. Returns the ids of the
 * machines that failed.
 */
export async function sweepDeadlines(db: Database, now: Date, log: Log): Promise<string[]> {
  const overdue = await db
    .selectFrom("machines")
    .select("id")
    .where("deadline", "<=", now)
    .orderBy("deadline")
    .execute();
  const failed: string[] = [];
  for (const { id } of overdue) {
    try {
      if (await timeOut(db, id, now)) failed.push(id);
    } catch (error) {
      log.error({ machine: id, error: String(error) }, "a deadline could not be applied");
    }
  }
  return failed;
}

async function timeOut(db: Database, id: string, now: Date): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const machine = await tx
      .selectFrom("machines")
      .selectAll()
      .where("id", "=", id)
      .where("deadline", "<=", now)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (!machine) return false;
    const failure = await explainTimeout(tx, machine, now);
    await fire(tx, { machineId: id, trigger: "timed-out", actor: "region", failure, now });
    return true;
  });
}
