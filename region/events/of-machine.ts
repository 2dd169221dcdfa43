import { type RawBuilder, sql } from "kysely";

/**
 * Ids of the events of a machine, and of its cards before it was known, since a moment: a subquery that asks each index
 * for itself. A condition that joins machine and cards with `or` is answered by a walk over everybody's events.
 */
export function idsOfMachineSince(machineId: string, since: Date): RawBuilder<unknown> {
  return sql`(select id from events where machine_id = ${machineId} and at >= ${since}
    union select seen.id from interfaces join events as seen on seen.mac = interfaces.mac
    where interfaces.machine_id = ${machineId} and seen.at >= ${since})`;
}
