import type { Database, Transaction } from "../database/pool.ts";
import { isAnyRackConnected } from "../racks/rows.ts";
import { enqueuePowers } from "./enqueue.ts";

/** Seconds after which what a BMC said last counts as old. */
const freshSeconds = 5 * 60;
/** Seconds a machine takes to switch itself off at the end of its work, at most. */
const shutdownSeconds = 20;
/** Machines asked in one round, so that a large site spreads its questions: every other second, as `region.ts` has it. */
const perRound = 80;
/** Machines of which is forgotten in one round whether they are on. */
const forgottenPerRound = 1000;

/** Has the BMC asked once the machine, which ended its work now, had the time to switch itself off. */
export async function queryAfterShutdown(tx: Transaction, machineId: string, now: Date): Promise<void> {
  const stale = new Date(now.getTime() - (freshSeconds - shutdownSeconds) * 1000);
  await tx.updateTable("machines").set({ power_checked_at: stale }).where("id", "=", machineId).execute();
}

/** Machines whose BMC said so long ago whether they are on that it counts no more, locked; none that somebody else has. */
function stalePower(db: Database | Transaction, now: Date, limit: number) {
  return db
    .selectFrom("machines")
    .where("power_driver", "is not", null)
    .where("power_driver", "<>", "manual")
    .where((where) =>
      where.or([
        where("power_checked_at", "is", null),
        where("power_checked_at", "<", new Date(now.getTime() - freshSeconds * 1000)),
      ]),
    )
    .orderBy("power_checked_at", (order) => order.asc().nullsFirst())
    .limit(limit)
    .forUpdate()
    .skipLocked();
}

/** Has old power states asked anew, or forgotten while no rack could ask. Returns of how many machines. */
export async function refreshPower(db: Database, now: Date): Promise<number> {
  return (await isAnyRackConnected(db, now)) ? queueStaleQueries(db, now) : forgetStalePower(db, now);
}

/**
 * What old power states become while no rack is connected that could ask: unknown, which asks nobody and tells nobody a
 * thousand times what the event of the lost rack said once. Returns of how many machines.
 */
async function forgetStalePower(db: Database, now: Date): Promise<number> {
  const stale = stalePower(db, now, forgottenPerRound).select("id").where("power_state", "<>", "unknown");
  const { numUpdatedRows } = await db
    .updateTable("machines")
    .set({ power_state: "unknown", power_checked_at: now })
    .where("id", "in", stale)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/**
 * Queues a question to the BMC of machines whose power state is old. A machine is marked as asked at once, so that
 * several regions do not ask twice. Returns how many were queued.
 */
export async function queueStaleQueries(db: Database, now: Date): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const stale = await stalePower(tx, now, perRound).select(["id", "generation"]).execute();
    if (stale.length === 0) return 0;
    const ids = stale.map(({ id }) => id);
    await tx.updateTable("machines").set({ power_checked_at: now }).where("id", "in", ids).execute();
    const until = new Date(now.getTime() + 60_000).toISOString();
    const question = { action: "query", bootDevice: null, actor: "region", decides: false, until } as const;
    await enqueuePowers(
      tx,
      stale.map(({ id, generation }) => ({ machineId: id, generation, ...question })),
    );
    return stale.length;
  });
}
