import { catalogue, type Explanation, type Failure, type MachineStatus, type Verdict } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { idsOfMachineSince } from "../events/of-machine.ts";
import { visibleEvents } from "../events/visible.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { isTimed, ruleFor, triggersIn } from "./lifecycle.ts";
import { stands } from "./standing.ts";
import { readTimeline } from "./timeline.ts";

const lastPhases = 5;
const mostTroubles = 10;
/** What the wire, the BMC and the machine itself told. */
const kinds = ["power", "dhcp", "tftp", "boot", "http", "agent", "cloudinit", "metadata"] as const;
/** Troubles of others that a machine may suffer from. */
const surroundings = ["network.problem", "image.problem", "rack.problem"] as const;

type Facts = {
  id: string;
  hostname: string;
  status: MachineStatus;
  status_since: Date;
  waits_for: string | null;
  deadline: Date | null;
  failure: Failure | null;
};

/**
 * Why a machine is as it is: the failure with what the catalogue says of it, or what it waits for and until when, with
 * what was seen of it last. Four queries, whatever the number of events.
 *
 * @throws NotFound
 */
export async function explainMachine(db: Kysely<Tables>, id: string, viewer: Caller): Promise<Explanation> {
  const machine = await db
    .selectFrom("machines")
    .select(["id", "hostname", "status", "status_since", "waits_for", "deadline", "failure"])
    .where("id", "=", id)
    .where(visibleMachines(viewer))
    .executeTakeFirst();
  if (!machine) throw new NotFound(`There is no machine ${id}.`, { next: "List machines to see their ids." });
  const { phases } = await readTimeline(db, id);
  const last = phases.at(-1);
  const began = last === undefined ? machine.status_since : new Date(last.started_at);
  const since = began < machine.status_since ? began : machine.status_since;
  const seen = await lastSeen(db, id, since);
  const troubles = await troublesOf(db, id, since, viewer);
  const verdict = verdictOf(machine);
  return {
    machine_id: machine.id,
    hostname: machine.hostname,
    status: machine.status,
    verdict,
    ...told(machine, verdict),
    failure: machine.failure,
    cause: causeOf(machine.failure),
    waits: verdict === "waiting" ? waitOf(machine) : null,
    seen,
    troubles,
    phases: phases.slice(-lastPhases),
  };
}

function verdictOf({ failure, waits_for }: Facts): Verdict {
  if (failure !== null) return "failed";
  return waits_for === null ? "healthy" : "waiting";
}

/** The catalogue's entry; null for a code it does not know, which a script of the operator's may have made up. */
function causeOf(failure: Failure | null): Explanation["cause"] {
  return catalogue.find(({ code }) => code === failure?.code) ?? null;
}

function waitOf(machine: Facts): NonNullable<Explanation["waits"]> {
  const rule = isTimed(machine.status) ? ruleFor(machine.status, "timed-out") : undefined;
  const fails = typeof rule?.to === "string" ? `it becomes '${rule.to}'` : "it fails";
  return {
    for: machine.waits_for ?? "",
    since: machine.status_since.toISOString(),
    until: machine.deadline?.toISOString() ?? null,
    afterwards:
      machine.deadline === null
        ? "nothing: this wait has no end"
        : `${fails}, unless a sign of life moves the deadline; the failure will say what was last seen`,
  };
}

/** Statuses in which somebody has to decide, with what. */
const idle: Partial<Record<MachineStatus, string>> = {
  new: "It was found and waits for nobody: an administrator may commission it.",
  ready: "It is ready to be allocated or deployed.",
  allocated: "It is reserved for its owner, who may deploy it.",
  deployed: "It runs the system it was deployed with.",
  "rescue mode": "It runs the rescue system.",
};

function told(machine: Facts, verdict: Verdict): { sentence: string; next: string | null } {
  const { hostname, status, failure, waits_for, deadline } = machine;
  if (failure !== null) return { sentence: `${hostname} ${stands(status)}: ${failure.message}`, next: failure.next };
  if (verdict === "waiting") {
    const until = deadline === null ? "" : `, until ${deadline.toISOString()} at the latest`;
    return { sentence: `${hostname} ${stands(status)} and waits for ${waits_for}${until}.`, next: null };
  }
  const allowed = triggersIn(status);
  const asked = allowed.length === 0 ? "" : ` It can be asked to: ${allowed.join(", ")}.`;
  return {
    sentence: `${hostname} ${stands(status)}; nothing is wrong. ${idle[status] ?? ""}${asked}`.trim(),
    next: null,
  };
}

const ofMachine = (id: string, since: Date) => sql<boolean>`id in ${idsOfMachineSince(id, since)}`;

async function lastSeen(db: Kysely<Tables>, id: string, since: Date): Promise<Explanation["seen"]> {
  const rows = await db
    .selectFrom("events")
    .select(["id", "at", "type", "message"])
    .distinctOn("type")
    .where(ofMachine(id, since))
    .where(sql<boolean>`split_part(type, '.', 1) in (${sql.join([...kinds])})`)
    .where("type", "not in", ["agent.log", "agent.progress"])
    .orderBy("type")
    .orderBy("id", "desc")
    .execute();
  return rows
    .toSorted((a, b) => a.id - b.id)
    .map(({ at, type, message }) => ({ at: at.toISOString(), source: type, text: message }));
}

async function troublesOf(
  db: Kysely<Tables>,
  id: string,
  since: Date,
  viewer: Caller,
): Promise<Explanation["troubles"]> {
  const ids = sql<boolean>`id in ((select id from events where type in (${sql.join([...surroundings])}) and at >= ${since})
    union all ${idsOfMachineSince(id, since)})`;
  const newest = db
    .selectFrom("events")
    .select(["id", "at", "type", "message", "failure"])
    .distinctOn(sql`failure ->> 'code'`)
    .where(ids)
    .where(visibleEvents(viewer))
    .where("failure", "is not", null)
    .where("type", "!=", "machine.failed")
    .orderBy(sql`failure ->> 'code'`)
    .orderBy("id", "desc");
  const rows = await db.selectFrom(newest.as("newest")).selectAll().orderBy("id", "desc").limit(mostTroubles).execute();
  return rows.flatMap(({ at, type, message, failure }) =>
    failure === null ? [] : [{ at: at.toISOString(), source: type, text: message, failure }],
  );
}
