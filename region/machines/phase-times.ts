import type { PhaseName, UsualTime } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import type { NewEvent } from "../events/append.ts";
import { type Milestone, milestoneTypes, phaseOf, phaseOutcome, type Step, stepsOf } from "./phases.ts";

/** A boot longer ago than this is not the one in which the machine was found. */
const enlistMinutes = 30;
/** Events of one phase that are read: a machine that boots in a circle makes them without end. */
const mostEvents = 3000;

type Ending = { n: number; machine_id: string; phase: PhaseName; from: string | null; outcome: "ok" | "failed" };

/** The phases that end with these events. */
function endings(events: readonly NewEvent[]): Ending[] {
  const found: Ending[] = [];
  const add = (machine_id: string, phase: PhaseName, from: string | null, outcome: Ending["outcome"]): void =>
    void found.push({ n: found.length, machine_id, phase, from, outcome });
  for (const { type, machine_id, data } of events) {
    if (machine_id == null) continue;
    if (type === "machine.enlisted") add(machine_id, "enlist", null, "ok");
    if (type === "machine.ssh") add(machine_id, "ssh", "deployed", "ok");
    if (type !== "machine.status") continue;
    const [from, to, trigger] = [data?.["from"], data?.["to"], data?.["trigger"]];
    const phase = phaseOf(String(from));
    if (phase === null || from === to) continue;
    add(machine_id, phase, String(from), phaseOutcome(phase, String(to), typeof trigger === "string" ? trigger : null));
  }
  return found;
}

/**
 * Keeps the times of the phases these events end, with their steps: the timeline shows them, and usual times are taken
 * from them. Called with every batch that is appended, in its transaction; most end nothing. The number of statements
 * does not depend on how many phases end.
 */
export async function keepPhases(db: Kysely<Tables>, events: readonly NewEvent[]): Promise<void> {
  const ended = endings(events);
  if (ended.length === 0) return;
  const times = await boundsOf(db, ended);
  if (times.length === 0) return;
  const milestones = await milestonesOf(db, times);
  const rows = times.flatMap(({ n, machine_id, phase, outcome, start, end }) => {
    const own = milestones.filter((milestone) => milestone.n === n);
    const whole: Step = { name: "", title: phase, start, end, outcome };
    return [whole, ...stepsOf(own, { start, end, outcome })].map((step) => ({
      machine_id,
      phase,
      phase_started_at: start,
      step: step.name,
      title: step.title.slice(0, 200),
      outcome: step.outcome,
      started_at: step.start,
      ended_at: step.end ?? end,
      seconds: ((step.end ?? end).getTime() - step.start.getTime()) / 1000,
    }));
  });
  await sql`
    insert into phase_times
      (machine_id, phase, phase_started_at, step, title, outcome, started_at, ended_at, seconds)
    select * from jsonb_to_recordset(${json(rows)}::jsonb) as
      r(machine_id text, phase text, phase_started_at timestamptz, step text, title text, outcome text,
        started_at timestamptz, ended_at timestamptz, seconds double precision)`.execute(db);
  // What a machine is made of may be known only after its first phases.
  await sql`
    update phase_times p set vendor = coalesce(m.vendor, ''), product = coalesce(m.product, '')
    from machines m
    where p.machine_id = m.id and m.id = any(${[...new Set(rows.map((row) => row.machine_id))]}::text[])
      and p.vendor = '' and p.product = '' and (m.vendor is not null or m.product is not null)`.execute(db);
}

type Bounds = Ending & { start: Date; end: Date; first: number };

/** When each phase began and ended, by the machine's own events. A phase nobody saw begin is left out. */
async function boundsOf(db: Kysely<Tables>, ended: readonly Ending[]): Promise<Bounds[]> {
  const { rows } = await sql<{ n: number; start: Date; end: Date; first: number }>`
    select e.n, coalesce(began.at, found.at) as start, ending.at as end, coalesce(began.id, found.id) as first
    from jsonb_to_recordset(${json(ended)}::jsonb) as e(n int, machine_id text, phase text, "from" text)
    cross join lateral (
      select id, at, data from events where machine_id = e.machine_id
        and type = case e.phase when 'enlist' then 'machine.enlisted' when 'ssh' then 'machine.ssh' else 'machine.status' end
        and (e."from" is null or e.phase = 'ssh' or data ->> 'from' = e."from")
      order by id desc limit 1
    ) ending
    left join lateral (
      select id, at from events where machine_id = e.machine_id and id < ending.id
        and type = 'machine.status' and data ->> 'to' = e."from"
      order by id desc limit 1
    ) began on e.phase <> 'enlist'
    left join lateral (
      select coalesce(min(id), ending.id) as id, coalesce(min(at), ending.at) as at from events
      where mac in (select jsonb_array_elements_text(ending.data -> 'macs')) and id <= ending.id
        and at > ending.at - make_interval(mins => ${enlistMinutes}::int) and at <= ending.at
    ) found on e.phase = 'enlist'
    where coalesce(began.at, found.at) is not null
    order by e.n`.execute(db);
  return rows.flatMap(({ n, start, end, first }) => {
    const ending = ended[n];
    return ending === undefined ? [] : [{ ...ending, start, end, first }];
  });
}

/** What happened to machines, and to their network cards, since an event of theirs; `n` tells the asker's own apart. */
export async function milestonesOf(
  db: Kysely<Tables>,
  wanted: readonly { n: number; machine_id: string; first: number; start: Date; end: Date | null }[],
): Promise<(Milestone & { n: number })[]> {
  const within = sql`id >= w.first and at >= w.start and (w."end" is null or at <= w."end" + interval '1 millisecond')
    and type = any(${[...milestoneTypes]}::text[])`;
  // Each index for itself: machine and cards joined with `or` would be looked for among everybody's events.
  const { rows } = await sql<Milestone & { n: number }>`
    select w.n, e.* from jsonb_to_recordset(${json(wanted)}::jsonb) as
      w(n int, machine_id text, first bigint, start timestamptz, "end" timestamptz)
    cross join lateral (
      select at, type, level, data ->> 'purpose' as purpose, data ->> 'step' as step, data ->> 'title' as title,
        data ->> 'state' as state, data ->> 'status' as status, data ->> 'name' as name,
        ${numberOf("exit_status")} as exit_status, ${numberOf("result_id")} as result_id,
        ${numberOf("uptime")} as uptime, ${numberOf("seconds")} as seconds
      from events where id in (
        select id from (
          select id from events where machine_id = w.machine_id and ${within} order by id limit ${mostEvents}) own
        union select seen.id from interfaces i cross join lateral (
          select id from events where mac = i.mac and ${within} order by id limit ${mostEvents}) seen
        where i.machine_id = w.machine_id)
      order by id limit ${mostEvents}
    ) e`.execute(db);
  return rows;
}

/** A number of an event's data; what is none there is null. */
const numberOf = (field: string) =>
  sql`case when jsonb_typeof(data -> ${sql.lit(field)}) = 'number' then (data ->> ${sql.lit(field)})::double precision end`;

/** What is asked of a model: a phase, or with `step` a step of it. */
export type TimeWish = { vendor: string; product: string; phase: PhaseName; step: string };

/** Fewer are no habit. */
const fewestSamples = 3;
/** The newest that count: firmware and images change. */
const mostSamples = 100;

/**
 * How long phases and steps usually take on machines of a model, in the order of the wishes; null where too few are
 * known. One statement, whose cost is bounded for each wish.
 */
export async function usualTimes(db: Kysely<Tables>, wishes: readonly TimeWish[]): Promise<(UsualTime | null)[]> {
  if (wishes.length === 0) return [];
  const column = (name: keyof TimeWish): string[] => wishes.map((wish) => wish[name]);
  const { rows } = await sql<{ n: number; seconds: number; samples: number }>`
    select w.n, percentile_cont(0.5) within group (order by p.seconds) as seconds, count(*)::int as samples
    from unnest(${wishes.map((_, n) => n)}::int[], ${column("vendor")}::text[], ${column("product")}::text[],
                ${column("phase")}::text[], ${column("step")}::text[]) as w(n, vendor, product, phase, step)
    cross join lateral (
      select seconds from phase_times where vendor = w.vendor and product = w.product and phase = w.phase
        and step = w.step and outcome = 'ok' order by id desc limit ${mostSamples}
    ) p
    where w.vendor <> '' or w.product <> ''
    group by w.n having count(*) >= ${fewestSamples}`.execute(db);
  const found = new Map(rows.map(({ n, seconds, samples }) => [n, { seconds, samples }]));
  return wishes.map((_, n) => found.get(n) ?? null);
}
