import type { Event, EventLevel } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { matching } from "./filter.ts";
import { readSettled } from "./read.ts";
import { isAudit } from "./visible.ts";

export type MachineEventFilter = {
  /** Deeds of users, about whatever; else what happened to machines. */
  audit: boolean;
  /** This level or a graver one; deeds of users have none. */
  level: EventLevel;
  /** Conditions on `machines`: only events of those that meet all of them. */
  machines: readonly RawBuilder<boolean>[];
  viewer: Caller;
  /** Only what this user did. */
  actor?: string | undefined;
};
/** Ids are exclusive. With `after` the page is the oldest events behind it, else the newest there are. */
export type MachineEventPage = { before?: number | undefined; after?: number | undefined; limit: number };
export type MachineEvent = Pick<Event, "id" | "type" | "level" | "machine_id" | "actor" | "message"> & {
  at: Date;
  hostname: string | null;
};

/** Machines asked for one by one; of more it is cheaper to look at everybody's events. */
const few = 200;
/** Events looked at for one page, where no index leads to those wanted. */
const looks = 1_000_000;

/**
 * Events with the machine they are about, the newest first, and the id where an older page goes on: null at the end. A page
 * may be short and still have an older one: it looks at a bounded number of events.
 */
export async function listMachineEvents(
  db: Kysely<Tables>,
  { audit, level, machines, viewer, actor }: MachineEventFilter,
  { before, after, limit }: MachineEventPage,
): Promise<{ events: MachineEvent[]; older: number | null }> {
  const { through } = await readSettled(db);
  const chosen = machines.length === 0 ? null : await chosenMachines(db, machines, viewer);
  const onward = after !== undefined;
  const narrow = chosen !== null && chosen.length <= few;
  const width = narrow ? Number.MAX_SAFE_INTEGER : looks;
  const top = onward ? Math.min(through, after + width) : Math.min(through, (before ?? through + 1) - 1);
  const bottom = onward ? after : Math.max(0, top - width);
  const wanted = db
    .selectFrom("events")
    .where((where) => matching(where, audit ? { kind: "audit", actor, viewer } : { level, viewer }))
    .$if(!audit, (query) => query.where(sql<boolean>`(${isAudit}) is not true`).where("machine_id", "is not", null))
    .where("id", ">", bottom)
    .where("id", "<=", top)
    .select(["id", "at", "type", "level", "machine_id", "actor", "message"])
    .orderBy("id", onward ? "asc" : "desc")
    .limit(limit);
  const found = narrow ? await ofEach(db, wanted, chosen) : await ofAll(wanted, chosen);
  const page = found.sort((a, b) => (onward ? a.id - b.id : b.id - a.id)).slice(0, limit);
  const names = await hostnames(db, page);
  const events = page
    .map((row) => ({ ...row, hostname: names.get(row.machine_id ?? "") ?? null }))
    .sort((a, b) => b.id - a.id);
  const last = events.at(-1)?.id;
  const older =
    page.length === limit && last !== undefined ? last : bottom > 0 && !onward ? bottom + 1 : (last ?? null);
  return { events, older };
}

async function chosenMachines(
  db: Kysely<Tables>,
  conditions: readonly RawBuilder<boolean>[],
  viewer: Caller,
): Promise<string[]> {
  const rows = await db
    .selectFrom("machines")
    .select("id")
    .where(visibleMachines(viewer))
    .where((eb) => eb.and([...conditions]))
    .execute();
  return rows.map(({ id }) => id);
}

type Wanted = Omit<MachineEvent, "hostname">;
type Query = ReturnType<typeof selection>;
/** Only for its type. */
const selection = (db: Kysely<Tables>) =>
  db.selectFrom("events").select(["id", "at", "type", "level", "machine_id", "actor", "message"]);

/** Each machine's own newest, by its index. */
async function ofEach(db: Kysely<Tables>, wanted: Query, machines: readonly string[]): Promise<Wanted[]> {
  if (machines.length === 0) return [];
  const { rows } = await sql<Wanted>`
    select each.* from unnest(${[...machines]}::text[]) as chosen (machine)
      join lateral (${wanted.where(sql<boolean>`machine_id = chosen.machine`)}) as each on true`.execute(db);
  return rows;
}

async function ofAll(wanted: Query, machines: readonly string[] | null): Promise<Wanted[]> {
  if (machines === null) return wanted.execute();
  return wanted.where(sql<boolean>`machine_id = any(${[...machines]}::text[])`).execute();
}

async function hostnames(db: Kysely<Tables>, events: readonly Wanted[]): Promise<Map<string, string>> {
  const ids = [...new Set(events.flatMap(({ machine_id }) => machine_id ?? []))];
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom("machines").select(["id", "hostname"]).where("id", "in", ids).execute();
  return new Map(rows.map(({ id, hostname }) => [id, hostname]));
}
