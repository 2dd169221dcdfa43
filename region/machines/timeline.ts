import type { Phase, PhaseName, PhaseStep, Timeline } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { milestonesOf, usualTimes } from "./phase-times.ts";
import { phaseOf, stepsOf } from "./phases.ts";

/** Phases shown, the newest: a machine lives for years. */
const mostPhases = 200;
/** Steps read with them. */
const mostRows = 5000;

type Span = { start: Date; end: Date | null; outcome: Phase["outcome"] };
type Known = Span & { phase: PhaseName; steps: (Span & { name: string; title: string })[] };

/**
 * The phases of a machine's life with their steps, in the order they began, and how long each usually takes on this
 * model. What is over comes from a table, what runs from the machine's events.
 *
 * @throws NotFound when nothing was ever known of it
 */
export async function readTimeline(db: Kysely<Tables>, machineId: string): Promise<Timeline> {
  const [over, running] = [await readOver(db, machineId), await readRunning(db, machineId)];
  if (over.length === 0 && running === undefined && !(await hasEvents(db, machineId)))
    throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
  const known = [...over, ...(running?.phase ? [running.phase] : [])];
  const { vendor, product } = running ?? { vendor: "", product: "" };
  const wishes = known.flatMap(({ phase, steps }) =>
    ["", ...steps.map(({ name }) => name)].map((step) => ({ vendor, product, phase, step })),
  );
  const unique = new Map(wishes.map((wish) => [`${wish.phase} ${wish.step}`, wish]));
  const times = await usualTimes(db, [...unique.values()]);
  const usual = new Map([...unique.keys()].map((key, n) => [key, times[n] ?? null]));
  const span = ({ start, end, outcome }: Span, key: string): Omit<PhaseStep, "name" | "title"> => ({
    started_at: start.toISOString(),
    ended_at: end?.toISOString() ?? null,
    seconds: end === null ? null : (end.getTime() - start.getTime()) / 1000,
    outcome,
    usual: usual.get(key) ?? null,
  });
  return {
    machine_id: machineId,
    model: [vendor, product].filter((word) => word !== "").join(" ") || null,
    phases: known.map((phase) => ({
      name: phase.phase,
      ...span(phase, `${phase.phase} `),
      steps: phase.steps.map((step) => ({
        name: step.name,
        title: step.title,
        ...span(step, `${phase.phase} ${step.name}`),
      })),
    })),
  };
}

async function readOver(db: Kysely<Tables>, machineId: string): Promise<Known[]> {
  const rows = await db
    .selectFrom("phase_times")
    .select(["phase", "phase_started_at", "step", "title", "outcome", "started_at", "ended_at"])
    .where("machine_id", "=", machineId)
    .orderBy("phase_started_at", "desc")
    .orderBy("id")
    .limit(mostRows)
    .execute();
  const phases = new Map<string, Known>();
  for (const { phase, phase_started_at, step, title, outcome, started_at, ended_at } of rows) {
    const key = `${phase} ${phase_started_at.toISOString()}`;
    if (step === "") phases.set(key, { phase, start: started_at, end: ended_at, outcome, steps: [] });
    else phases.get(key)?.steps.push({ name: step, title, start: started_at, end: ended_at, outcome });
  }
  return [...phases.values()].slice(0, mostPhases).toReversed();
}

type Running = { vendor: string; product: string; phase: Known | null };

/** The machine's model, and the phase it is in; undefined for a machine that does not exist. */
async function readRunning(db: Kysely<Tables>, machineId: string): Promise<Running | undefined> {
  const { rows } = await sql<{
    status: string;
    vendor: string;
    product: string;
    first: number | null;
    at: Date | null;
  }>`
    select m.status, coalesce(m.vendor, '') as vendor, coalesce(m.product, '') as product, began.id as first, began.at
    from machines m left join lateral (
      select id, at from events where machine_id = m.id and type = 'machine.status' and data ->> 'to' = m.status
      order by id desc limit 1
    ) began on true
    where m.id = ${machineId}`.execute(db);
  const [machine] = rows;
  if (machine === undefined) return undefined;
  const { status, vendor, product, first, at } = machine;
  const phase = phaseOf(status);
  if (phase === null || at === null || first === null) return { vendor, product, phase: null };
  const milestones = await milestonesOf(db, [{ n: 0, machine_id: machineId, first, start: at, end: null }]);
  const span = { start: at, end: null, outcome: "running" } as const;
  return { vendor, product, phase: { phase, ...span, steps: stepsOf(milestones, span) } };
}

async function hasEvents(db: Kysely<Tables>, machineId: string): Promise<boolean> {
  const row = await db
    .selectFrom("events")
    .select("id")
    .where("machine_id", "=", machineId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
