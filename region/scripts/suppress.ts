import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { readResult } from "./results.ts";
import { failedStatuses } from "./runs.ts";

/**
 * Makes a failure not count any more, or count again: for what an operator knows and accepts.
 *
 * @throws NotFound, StateConflict for a result that did not fail
 */
export async function suppressResult(
  tx: Transaction,
  id: number,
  suppressed: boolean,
  { actor, now }: { actor: string; now: Date },
): Promise<void> {
  const result = await readResult(tx, id);
  if (suppressed && !failedStatuses.some((status) => status === result.status))
    throw new StateConflict(`Result ${id} of ${result.name} is ${result.status}: there is no failure to suppress.`, {
      next: "Nothing needs to be done: it does not stand in the way of anything.",
    });
  await tx.updateTable("script_results").set({ suppressed }).where("id", "=", id).execute();
  const verb = suppressed ? "suppress" : "unsuppress";
  await appendEvent(tx, {
    type: "machine.action",
    at: now,
    machine_id: result.machine_id,
    actor,
    message: `${actor}: ${verb} result ${id} (${result.name}${result.device === null ? "" : ` on ${result.device}`})`,
    data: { action: `${verb}_result`, result_id: id, before: { suppressed: result.suppressed }, after: { suppressed } },
  });
}

/**
 * New runs begin with what an operator decided about the last run of the same script on the same device: a failure that
 * does not count goes on not to count, until the script passed once.
 */
export async function carrySuppressed(tx: Transaction, setId: number): Promise<void> {
  await sql`
    update script_results r set suppressed = true
    where set_id = ${setId} and started_at is null and (
      select o.suppressed and o.status = any(${failedStatuses}::text[]) from script_results o
      where o.machine_id = r.machine_id and o.name = r.name and o.device is not distinct from r.device
        and o.set_id < r.set_id and o.ended_at is not null and o.status <> 'aborted'
      order by o.id desc limit 1)`.execute(tx);
}
