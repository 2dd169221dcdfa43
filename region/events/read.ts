import type { Event, EventLevel } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";

export type EventFilter = {
  /** Events of this machine, or of its network cards before it was known. */
  machine?: string | undefined;
  /** Beginning of the type, such as `dhcp` or `machine.status`. */
  type?: string | undefined;
  /** This level or a graver one. */
  level?: EventLevel | undefined;
};

const levels = ["debug", "info", "warning", "error"] as const;

function matching(db: Kysely<Tables>, { machine, type, level }: EventFilter) {
  const like = `${(type ?? "").replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return db
    .selectFrom("events")
    .select(["id", "at", "type", "level", "machine_id", "mac", "rack", "actor", "message", "data", "failure"])
    .$if(machine !== undefined, (query) =>
      query.where((where) =>
        where.or([
          where("machine_id", "=", machine ?? ""),
          where(
            "mac",
            "in",
            where
              .selectFrom("interfaces")
              .select("mac")
              .where("machine_id", "=", machine ?? ""),
          ),
        ]),
      ),
    )
    .$if(type !== undefined, (query) => query.where("type", "like", like as Event["type"]))
    .$if(level !== undefined, (query) => query.where("level", "in", levels.slice(levels.indexOf(level ?? "debug"))));
}

type Row = Awaited<ReturnType<ReturnType<typeof matching>["execute"]>>[number];
const toEvent = (row: Row): Event => ({ ...row, at: row.at.toISOString() });

/**
 * One page of events. Ascending goes on after `cursor`, descending before it. Only settled events are shown, so that
 * whoever goes on from a cursor misses none.
 */
export async function listEvents(
  db: Kysely<Tables>,
  filter: EventFilter,
  { limit, cursor, order }: { limit: number; cursor?: number | undefined; order: "asc" | "desc" },
): Promise<{ items: Event[]; next: string | null }> {
  // A statement of its own, before the one that reads: only then is everything up to there visible.
  const { through } = await readSettled(db);
  const rows = await matching(db, filter)
    .where("id", "<=", through)
    .$if(cursor !== undefined, (query) => query.where("id", order === "asc" ? ">" : "<", cursor ?? 0))
    .orderBy("id", order)
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map(toEvent);
  return { items, next: rows.length > limit ? String(items.at(-1)?.id) : null };
}

/** Events after `after` up to `through`, which must be a settled id; at most `limit`. */
export async function readBetween(
  db: Kysely<Tables>,
  filter: EventFilter,
  { after, through, limit }: { after: number; through: number; limit: number },
): Promise<Event[]> {
  const rows = await matching(db, filter)
    .where("id", ">", after)
    .where("id", "<=", through)
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(toEvent);
}

/** The newest id up to which nothing can appear any more, and whether there are newer ones that are not settled yet. */
export async function readSettled(db: Kysely<Tables>): Promise<{ through: number; pending: boolean }> {
  const { rows } = await sql<{ through: number; newest: number }>`select through, newest from settled_events()`.execute(
    db,
  );
  const { through, newest } = rows[0] ?? { through: 0, newest: 0 };
  return { through, pending: newest > through };
}
