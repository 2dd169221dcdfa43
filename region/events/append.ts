import type { EventLevel, EventType, Failure } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import { json, storable } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { keepPhases } from "../machines/phase-times.ts";

/** NOTIFY channel that wakes the readers of the stream in every region. */
export const eventsChannel = "rackwright_events";

export type NewEvent = {
  type: EventType;
  message: string;
  level?: EventLevel;
  at?: Date;
  machine_id?: string | null;
  mac?: string | null;
  rack?: string | null;
  /** Who caused it: a user name, 'machine', 'rack' or 'region'. */
  actor?: string | null;
  data?: Record<string, unknown>;
  failure?: Failure | null;
};

/** Adds one event to the stream, in the caller's transaction, and wakes the readers when that commits. */
export async function appendEvent(db: Kysely<Tables>, event: NewEvent): Promise<void> {
  await appendEvents(db, [event]);
}

/** Adds events in the order given. Text is cut to the lengths the contract allows, so a stranger's words always fit. */
export async function appendEvents(db: Kysely<Tables>, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => ({
    type: event.type,
    message: storable(event.message).slice(0, 2000),
    level: event.level ?? "info",
    at: event.at ?? null,
    machine_id: event.machine_id ?? null,
    mac: event.mac ?? null,
    rack: event.rack ?? null,
    actor: event.actor ?? null,
    data: event.data ?? {},
    failure: event.failure ?? null,
  }));
  // One parameter however many events there are: a batch of a rack has hundreds.
  await sql`
    with appended as (
      insert into events (type, message, level, at, machine_id, mac, rack, actor, data, failure)
      select type, message, level, coalesce(at, now()), machine_id, mac, rack, actor, data, failure
      from rows from (jsonb_to_recordset(${json(rows)}::jsonb) as (
        type text, message text, level text, at timestamptz, machine_id text, mac text, rack text, actor text,
        data jsonb, failure jsonb)) with ordinality as
        e(type, message, level, at, machine_id, mac, rack, actor, data, failure, n)
      order by n
    ) select pg_notify(${eventsChannel}, '')`.execute(db);
  await keepPhases(db, events);
}
