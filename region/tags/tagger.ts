import { setTimeout as sleep } from "node:timers/promises";
import { FilterError, parseFilter } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import type { Notifications } from "../database/listen.ts";
import { type Database, type Transaction, json } from "../database/pool.ts";
import type { Log } from "../log.ts";
import { filterCondition } from "../machines/filter.ts";
import { isTimeout, lockTagging, tagsChannel } from "./evaluate.ts";

/** Changes taken up in one transaction. */
const batch = 200;
const timeoutMilliseconds = 30_000;
/** Filters put together into one statement. */
const filtersAtOnce = 50;
const pollMilliseconds = 10_000;

type Match = { tag_id: number; machine_id: string };
/** What is in doubt: one tag of a machine, or all its automatic ones (null). */
type Due = { tag_id: number | null; machine_id: string };
type Complaint = { tag: string; machine: string | null; complaint: string };
export type Tagged = { machines: number; complaints: Complaint[] };

/** Pairs of tags and machines as rows of a statement. */
const rowsOf = (pairs: readonly Due[]) =>
  sql`jsonb_to_recordset(${json(pairs)}::jsonb) as due(tag_id bigint, machine_id text)`;

async function matchXpath(
  tx: Transaction,
  due: readonly Due[],
): Promise<{ matches: Match[]; complaints: Complaint[] }> {
  const { rows } = await sql<Match & { name: string; complaint: string | null }>`
    with pairs as (
      select distinct tags.id, due.machine_id
      from ${rowsOf(due)} join tags on definition_kind = 'xpath' and tags.id = coalesce(due.tag_id, tags.id)
    )
    select tags.id as tag_id, tags.name, machine_id, complaint
    from pairs join tags using (id) join machine_lshw using (machine_id) cross join lateral ask_xpath(document, definition)
    where document is not null and (holds or complaint is not null)`.execute(tx);
  return {
    matches: rows.flatMap(({ tag_id, machine_id, complaint }) => (complaint === null ? [{ tag_id, machine_id }] : [])),
    complaints: rows.flatMap(({ name, machine_id, complaint }) =>
      complaint === null ? [] : [{ tag: name, machine: machine_id, complaint }],
    ),
  };
}

async function matchFilters(
  tx: Transaction,
  ids: readonly string[],
): Promise<{ matches: Match[]; complaints: Complaint[] }> {
  if (ids.length === 0) return { matches: [], complaints: [] };
  const tags = await tx.selectFrom("tags").selectAll().where("definition_kind", "=", "filter").execute();
  const matches: Match[] = [];
  const complaints: Complaint[] = [];
  const queries = tags.flatMap(({ id, name, definition }): RawBuilder<unknown>[] => {
    try {
      const condition = filterCondition(parseFilter(definition ?? ""));
      return [
        sql`select ${id}::bigint as tag_id, machines.id as machine_id from machines
          where machines.id = any(${ids}::text[]) and ${condition}`,
      ];
    } catch (error) {
      // One that an older version of the filter language took.
      if (!(error instanceof FilterError)) throw error;
      complaints.push({ tag: name, machine: null, complaint: error.message });
      return [];
    }
  });
  for (let index = 0; index < queries.length; index += filtersAtOnce) {
    const some = queries.slice(index, index + filtersAtOnce);
    matches.push(...(await sql<Match>`${sql.join(some, sql` union all `)}`.execute(tx)).rows);
  }
  return { matches, complaints };
}

/** Takes machines off the queue and gives them the automatic tags they should have. Returns null when none was left. */
async function tagSome(tx: Transaction, most: number): Promise<Tagged | null> {
  await lockTagging(tx);
  await sql`select set_config('statement_timeout', ${String(timeoutMilliseconds)}, true)`.execute(tx);
  const { rows: due } = await sql<Due>`
    with taken as (
      delete from tag_queue where id in (select id from tag_queue order by id limit ${most}) returning tag_id, machine_id
    ) select distinct tag_id, machine_id from taken`.execute(tx);
  if (due.length === 0) return null;
  const xpath = await matchXpath(tx, due);
  // Filters are asked of all machines when they are defined: only whole machines are in doubt.
  const changed = [...new Set(due.flatMap(({ tag_id, machine_id }) => (tag_id === null ? [machine_id] : [])))];
  const filters = await matchFilters(tx, changed);
  const found = json([...xpath.matches, ...filters.matches]);
  const matches = sql`jsonb_to_recordset(${found}::jsonb) as found(tag_id bigint, machine_id text)`;
  // Machines before their tags, as whoever deletes a machine does it; not before the answers, which may take long.
  await sql`select id from machines where id = any(${due.map(({ machine_id }) => machine_id)}::text[])
    order by id for key share`.execute(tx);
  await sql`delete from machine_tags as given using tags, ${rowsOf(due)}
    where tags.id = given.tag_id and tags.definition is not null
      and given.machine_id = due.machine_id and given.tag_id = coalesce(due.tag_id, given.tag_id)
      and not exists (
        select from ${matches} where found.tag_id = given.tag_id and found.machine_id = given.machine_id
      )`.execute(tx);
  // Those deleted meanwhile are left out.
  await sql`insert into machine_tags (tag_id, machine_id)
    select found.tag_id, found.machine_id from ${matches} join machines on machines.id = found.machine_id
    order by found.machine_id, found.tag_id
    on conflict do nothing`.execute(tx);
  const machines = new Set(due.map(({ machine_id }) => machine_id)).size;
  return { machines, complaints: [...xpath.complaints, ...filters.complaints] };
}

/**
 * Brings the automatic tags of all changed machines up to date. A machine on whose documents an expression takes too
 * long keeps the tags it has and does not keep the others waiting.
 */
export async function tagChanged(db: Database, log: Log): Promise<number> {
  let machines = 0;
  for (let most = batch; ;) {
    try {
      const size = most;
      const tagged = await db.transaction().execute((tx) => tagSome(tx, size));
      if (tagged === null) return machines;
      machines += tagged.machines;
      for (const complaint of tagged.complaints.slice(0, 20)) log.warn(complaint, "a tag's definition failed");
      most = Math.min(batch, most * 2);
    } catch (error) {
      if (!isTimeout(error)) throw error;
      if (most === 1) await passOver(db, log);
      most = Math.max(1, Math.floor(most / 10));
    }
  }
}

async function passOver(db: Database, log: Log): Promise<void> {
  const { rows } = await sql<{ machine_id: string }>`
    delete from tag_queue where id in (select id from tag_queue order by id limit 1) returning machine_id`.execute(db);
  log.error({ machine: rows[0]?.machine_id }, "finding the tags of a machine takes too long; it keeps those it has");
}

/** Keeps automatic tags right, at once after each change of a machine, until stopped. */
export function startTagger(deps: { db: Database; notifications: Notifications; log: Log }): { stop(): Promise<void> } {
  const { db, notifications, log } = deps;
  const stopping = new AbortController();
  const woken = { wake: () => {} };
  const unlisten = notifications.listen(tagsChannel, () => woken.wake());
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const heard = new Promise<void>((resolve) => (woken.wake = resolve));
      await tagChanged(db, log).catch((error: unknown) => log.warn({ error: String(error) }, "tags were not found"));
      const pause = new AbortController();
      const signal = AbortSignal.any([stopping.signal, pause.signal]);
      await Promise.race([heard, sleep(pollMilliseconds, undefined, { signal }).catch(() => {})]);
      pause.abort();
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      unlisten();
      await running;
    },
  };
}
