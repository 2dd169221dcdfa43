import { type RawBuilder, sql } from "kysely";
import { type Caller, mayAudit, seesEverything, visibleMachines } from "../users/access.ts";

/** Actors that are no user. The words of the indexes of migration 0005: a condition in other words would not use them. */
export const byUser = sql<boolean>`actor not in ('machine', 'rack', 'region')`;
/** What users did. */
export const isAudit = sql<boolean>`${byUser} and (type like '%.changed' or type in ('machine.action', 'machine.deleted'))`;

/**
 * Events somebody may know of, as a condition on `events`: those of machines he may see, and of nobody's machine; what
 * users did where it is about no machine, only by himself unless he audits. Events of cards nobody knows are for those
 * who operate or audit every pool.
 */
export function visibleEvents(viewer: Caller): RawBuilder<boolean> {
  if (seesEverything(viewer)) return sql<boolean>`true`;
  const wide = (viewer.grants ?? []).some(({ role, pool }) => role === "operator" && pool === null);
  const unknown = wide
    ? sql<boolean>`not exists (select from interfaces as card where card.mac = events.mac)`
    : sql<boolean>`false`;
  return sql<boolean>`case
    when events.machine_id is not null
      then exists (select from machines where machines.id = events.machine_id and ${visibleMachines(viewer)})
    when events.mac is not null
      then ${unknown} or exists (select from interfaces as card join machines on machines.id = card.machine_id
        where card.mac = events.mac and ${visibleMachines(viewer)})
    when ${isAudit} then ${mayAudit(viewer)}::boolean or events.actor = ${viewer.username}
    else true end`;
}
