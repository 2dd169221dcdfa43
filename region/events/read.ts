import type { Event } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type EventFilter, isIndexed, matching, span } from "./filter.ts";

export type { EventFilter } from "./filter.ts";

/** What of its row makes an event. */
export const eventColumns = [
  "id",
  "at",
  "type",
  "level",
  "machine_id",
  "mac",
  "rack",
  "actor",
  "message",
  "data",
  "failure",
] as const;

type Range = { after: number; through: number; order: "asc" | "desc"; limit: number };

function inRange(db: Kysely<Tables>, filter: EventFilter, { after, through, order, limit }: Range) {
  return db
    .selectFrom("events")
    .where("id", ">", after)
    .where("id", "<=", through)
    .where((where) => matching(where, filter))
    .orderBy("id", order)
    .limit(limit);
}

/**
 * Ids of a machine's events, and of its cards' before it was known. Each index is asked for itself: a condition that joins
 * them with `or` is answered by a walk over everybody's events.
 */
function idsOfMachine(db: Kysely<Tables>, machine: string, filter: EventFilter, range: Range) {
  const own = inRange(db, filter, range).select("id").where("machine_id", "=", machine);
  const seen = inRange(db, filter, range)
    .select("id")
    .where(sql<boolean>`events.mac = interfaces.mac`);
  return db
    .selectFrom(own.as("own"))
    .select("own.id")
    .union(
      db
        .selectFrom("interfaces")
        .innerJoinLateral(seen.as("seen"), (join) => join.onTrue())
        .select("seen.id")
        .where("interfaces.machine_id", "=", machine),
    );
}

/** Events that a filter wants, in a range of their ids, as a query. */
export function eventsBetween(db: Kysely<Tables>, { machine, ...filter }: EventFilter, range: Range) {
  if (machine === undefined) return inRange(db, filter, range).select(eventColumns);
  return db
    .selectFrom("events")
    .select(eventColumns)
    .where("id", "in", idsOfMachine(db, machine, filter, range))
    .orderBy("id", range.order)
    .limit(range.limit);
}

type Row = Awaited<ReturnType<ReturnType<typeof eventsBetween>["execute"]>>[number];
const toEvent = (row: Row): Event => ({ ...row, at: row.at.toISOString() });

export type Page = {
  limit: number;
  cursor?: number | undefined;
  order: "asc" | "desc";
  /** Events looked at where no index leads to those wanted. */
  looks?: number;
};

/**
 * One page of events. Ascending goes on after `cursor`, descending before it. Only settled events are shown, so that
 * whoever goes on from a cursor misses none. A page may have fewer than `limit` events, or none, and still a next one:
 * a filter without an index looks at a bounded number of events each time.
 */
export async function listEvents(
  db: Kysely<Tables>,
  filter: EventFilter,
  { limit, cursor, order, looks = span }: Page,
): Promise<{ items: Event[]; next: string | null }> {
  // A statement of its own, before the one that reads: only then is everything up to there visible.
  const { through } = await readSettled(db);
  const width = isIndexed(filter) ? Number.MAX_SAFE_INTEGER : looks;
  const ascending = order === "asc";
  const top = ascending ? through : Math.min(through, (cursor ?? through + 1) - 1);
  const bottom = ascending ? Math.min(cursor ?? 0, through) : Math.max(0, top - width);
  const end = ascending ? Math.min(top, bottom + width) : top;
  const rows = await eventsBetween(db, filter, { after: bottom, through: end, order, limit: limit + 1 }).execute();
  const items = rows.slice(0, limit).map(toEvent);
  if (rows.length > limit) return { items, next: String(items.at(-1)?.id) };
  if (ascending) return { items, next: end < through ? String(end) : null };
  return { items, next: bottom > 0 ? String(bottom + 1) : null };
}

/**
 * Events after `after` up to `through`, which must be a settled id: at most `limit`, and how far they reach, so that
 * the next call goes on there.
 */
export async function readBetween(
  db: Kysely<Tables>,
  filter: EventFilter,
  { after, through, limit }: { after: number; through: number; limit: number },
): Promise<{ events: Event[]; through: number }> {
  const end = isIndexed(filter) ? through : Math.min(through, after + span);
  const rows = await eventsBetween(db, filter, { after, through: end, order: "asc", limit }).execute();
  const last = rows.at(-1)?.id ?? end;
  return { events: rows.map(toEvent), through: rows.length < limit ? end : last };
}

/** The newest id up to which nothing can appear any more, and whether there are newer ones that are not settled yet. */
export async function readSettled(db: Kysely<Tables>): Promise<{ through: number; pending: boolean }> {
  const { rows } = await sql<{ through: number; newest: number }>`select through, newest from settled_events()`.execute(
    db,
  );
  const { through, newest } = rows[0] ?? { through: 0, newest: 0 };
  return { through, pending: newest > through };
}
