import type { Database } from "../database/pool.ts";
import { enqueuePower } from "./enqueue.ts";

/** Seconds after which what a BMC said last counts as old. */
const freshSeconds = 5 * 60;
/** Machines asked in one round, so that a large site spreads its questions. */
const perRound = 200;

/**
 * Queues a question to the BMC of machines whose power state is old. A machine is marked as asked at once, so that
 * several regions do not ask twice. Returns how many were queued.
 */
export async function queueStaleQueries(db: Database, now: Date): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const stale = await tx
      .selectFrom("machines")
      .select(["id", "generation"])
      .where("power_driver", "is not", null)
      .where("power_driver", "<>", "manual")
      .where((where) =>
        where.or([
          where("power_checked_at", "is", null),
          where("power_checked_at", "<", new Date(now.getTime() - freshSeconds * 1000)),
        ]),
      )
      .orderBy("power_checked_at", (order) => order.asc().nullsFirst())
      .limit(perRound)
      .forUpdate()
      .skipLocked()
      .execute();
    if (stale.length === 0) return 0;
    const ids = stale.map(({ id }) => id);
    await tx.updateTable("machines").set({ power_checked_at: now }).where("id", "in", ids).execute();
    for (const { id, generation } of stale)
      await enqueuePower(tx, {
        machineId: id,
        generation,
        action: "query",
        bootDevice: null,
        actor: "region",
        decides: false,
        until: new Date(now.getTime() + 60_000).toISOString(),
      });
    return stale.length;
  });
}
