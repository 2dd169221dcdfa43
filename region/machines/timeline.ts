import type { Timeline } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";

type Phase = Timeline["phases"][number];
type Seen = { at: Date; type: string; to: string | null };

/** Statuses that are a phase of their own while they last. */
const phaseOf: Readonly<Record<string, Phase["name"]>> = {
  commissioning: "commission",
  deploying: "deploy",
  releasing: "release",
};
/** A boot longer ago than this is not the one in which the machine was found. */
const enlistMinutes = 30;

function phase(name: Phase["name"], start: Date, end: Date | null, outcome: Phase["outcome"]): Phase {
  return {
    name,
    started_at: start.toISOString(),
    ended_at: end?.toISOString() ?? null,
    seconds: end === null ? null : (end.getTime() - start.getTime()) / 1000,
    outcome,
  };
}

/** The phases told by a machine's events, in the order they began. `found` is when it was first seen on the network. */
export function phasesOf(events: readonly Seen[], found: Date | null): Phase[] {
  const phases: Phase[] = [];
  let open: { name: Phase["name"]; start: Date } | null = null;
  for (const { at, type, to } of events) {
    if (type === "machine.enlisted") phases.push(phase("enlist", found ?? at, at, "ok"));
    if (type === "machine.ssh" && open?.name === "ssh") {
      phases.push(phase("ssh", open.start, at, "ok"));
      open = null;
    }
    if (type !== "machine.status" || to === null) continue;
    if (open !== null && open.name !== "ssh")
      phases.push(
        phase(open.name, open.start, at, /^(failed .*|new)$/.test(to) || aborted(open.name, to) ? "failed" : "ok"),
      );
    const name = to === "deployed" ? "ssh" : phaseOf[to];
    open = name === undefined ? null : { name, start: at };
  }
  if (open !== null) phases.push(phase(open.name, open.start, null, "running"));
  return phases.sort((a, b) => a.started_at.localeCompare(b.started_at));
}

/** An aborted or released deployment did not do what it was begun for. */
function aborted(name: Phase["name"], to: string): boolean {
  return name === "deploy" && to !== "deployed";
}

/**
 * The phases of a machine's life, read from its events.
 *
 * @throws NotFound when nothing was ever known of it
 */
export async function readTimeline(db: Kysely<Tables>, machineId: string): Promise<Timeline> {
  const events = await db
    .selectFrom("events")
    .select(["at", "type", sql<string | null>`data ->> 'to'`.as("to"), sql<string[] | null>`data -> 'macs'`.as("macs")])
    .where("machine_id", "=", machineId)
    .where("type", "in", ["machine.enlisted", "machine.status", "machine.ssh", "machine.deleted"])
    .orderBy("id")
    .execute();
  if (events.length === 0 && !(await exists(db, machineId)))
    throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
  const enlisted = events.find(({ type }) => type === "machine.enlisted");
  return { machine_id: machineId, phases: phasesOf(events, enlisted ? await firstSeen(db, enlisted) : null) };
}

async function exists(db: Kysely<Tables>, machineId: string): Promise<boolean> {
  return (await db.selectFrom("machines").select("id").where("id", "=", machineId).executeTakeFirst()) !== undefined;
}

async function firstSeen(db: Kysely<Tables>, enlisted: { at: Date; macs: string[] | null }): Promise<Date | null> {
  if (!enlisted.macs || enlisted.macs.length === 0) return null;
  const row = await db
    .selectFrom("events")
    .select((select) => select.fn.min("at").as("at"))
    .where("mac", "in", enlisted.macs)
    .where("at", ">", new Date(enlisted.at.getTime() - enlistMinutes * 60_000))
    .where("at", "<=", enlisted.at)
    .executeTakeFirst();
  return row?.at ?? null;
}
