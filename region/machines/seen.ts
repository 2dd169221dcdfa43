import { type Failure, failure } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { idsOfMachineSince } from "../events/of-machine.ts";
import type { MachineRow } from "./fire.ts";

/** The newest event of its kind that tells how far a machine came. */
export type Sight = {
  at: Date;
  type: string;
  message: string;
  failure: Failure | null;
  /** Name of the file it is about, without its folder. */
  file: string | null;
  action: string | null;
  purpose: string | null;
  reason: string | null;
  /** The client asked for the size only. */
  question: boolean;
};

const subjects = ["cloudinit", "agent", "http", "boot", "tftp", "dhcp", "power"];
/** Files a hostile machine could ask for are without number. */
const most = 200;

/**
 * What was seen and heard of a machine since its status began, oldest first: of each kind of event, and of each file
 * and power action, the newest one. One query, bounded.
 */
export async function lastSights(db: Kysely<Tables>, machine: MachineRow): Promise<Sight[]> {
  const about = sql<string | null>`substring(coalesce(data ->> 'name', data ->> 'path') from '[^/]*$')`;
  const action = sql<string | null>`data ->> 'action'`;
  const sights = await db
    .selectFrom("events")
    .select(["id", "at", "type", "message", "failure", about.as("file"), action.as("action")])
    .select([sql<string | null>`data ->> 'purpose'`.as("purpose"), sql<string | null>`data ->> 'reason'`.as("reason")])
    .select(sql<boolean>`coalesce(data ->> 'aborted' = 'true', false)`.as("question"))
    .distinctOn(["type", about, action])
    .where(sql<boolean>`id in ${idsOfMachineSince(machine.id, machine.status_since)}`)
    .where((where) =>
      where.or([
        where("type", "=", "machine.enlisted"),
        sql<boolean>`split_part(type, '.', 1) in (${sql.join(subjects)})`,
      ]),
    )
    .orderBy("type")
    .orderBy(about)
    .orderBy(action)
    .orderBy("id", "desc")
    .limit(most)
    .execute();
  return sights
    .sort((a, b) => a.id - b.id)
    .map((sight) => ({ ...sight, failure: failure.nullable().catch(null).parse(sight.failure) }));
}
