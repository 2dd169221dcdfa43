import { machineStatus } from "@rackwright/contract";
import { type Database, lifecycle, type Rule } from "@rackwright/region";
import { z } from "zod";

const change = z.looseObject({ from: machineStatus, to: machineStatus, trigger: z.string() });
type Change = z.infer<typeof change> & { readonly actor: string | null };
type PowerCommand = { readonly state: string; readonly machine: string; readonly action: string };
const command = z.looseObject({ machineId: z.string(), action: z.string() });

/** Statuses a rule can lead to; undefined where that depends on more than the rule. */
function endsOf({ to }: Rule, from: string): readonly string[] | undefined {
  if (to === "same") return [from];
  // What was not erased is given to nobody.
  if (to === "ready") return ["ready", "failed disk erasing"];
  return typeof to === "string" && to !== "held" ? [to] : undefined;
}

/** The rule of the life cycle table behind a change. */
function ruleOf({ from, trigger }: Change): Rule | undefined {
  return Object.entries(lifecycle[from]).find(([name]) => name === trigger)?.[1];
}

/** Whether a change came with a command for the BMC: not where the machine was running its task already. */
function commands(one: Change): boolean {
  return ruleOf(one)?.power !== undefined && !(one.trigger === "commission" && one.actor === "region");
}

/**
 * What in a region's database is not as it must be when all machines are at rest, in words, nothing where all is well:
 * status changes that are no rule of the life cycle or do not follow from the one before, tasks that ended twice, power
 * commands that were lost, doubled or are still waiting.
 */
export async function inconsistencies(db: Database): Promise<string[]> {
  const found: string[] = [];
  const changes = await changesByMachine(db);
  const jobs = await powerJobs(db);
  const machines = await db.selectFrom("machines").select(["id", "hostname", "status"]).execute();
  for (const { id, hostname, status } of machines) {
    const own = changes.get(id) ?? [];
    let at: string = "new";
    for (const one of own) {
      const words = `${hostname}: ${one.from} → ${one.to} on '${one.trigger}'`;
      const rule = ruleOf(one);
      if (one.from !== at) found.push(`${words}, but it was ${at}`);
      if (rule === undefined) found.push(`${words} is no rule of the life cycle`);
      else if (endsOf(rule, one.from)?.includes(one.to) === false) found.push(`${words} is not where the rule leads`);
      at = one.to;
    }
    if (at !== status) found.push(`${hostname} is ${status}, but its last event says ${at}`);
    const asked = own.filter(commands).length;
    const queued = jobs.filter(({ machine }) => machine === id);
    if (queued.length !== asked)
      found.push(`${hostname} has ${queued.length} power commands for ${asked} changes that ask for one`);
    for (const { state, action } of queued)
      if (state !== "completed") found.push(`${hostname}: a power command '${action}' is still ${state}`);
  }
  return [...found, ...(await doubledRuns(db))];
}

async function changesByMachine(db: Database): Promise<Map<string, Change[]>> {
  const rows = await db
    .selectFrom("events")
    .select(["machine_id", "actor", "data"])
    .where("type", "=", "machine.status")
    .orderBy("id")
    .execute();
  const all = new Map<string, Change[]>();
  for (const { machine_id: id, actor, data } of rows)
    if (id !== null) all.set(id, [...(all.get(id) ?? []), { ...change.parse(data), actor }]);
  return all;
}

/** Power commands of all machines, questions left out. */
async function powerJobs(db: Database): Promise<PowerCommand[]> {
  const rows = await db
    .withTables<{ "jobs.job": { name: string; state: string; data: unknown } }>()
    .selectFrom("jobs.job")
    .select(["state", "data"])
    .where("name", "=", "power")
    .execute();
  return rows
    .map(({ state, data }) => ({ state, ...command.parse(data) }))
    .filter(({ action }) => action !== "query")
    .map(({ state, action, machineId: machine }) => ({ state, action, machine }));
}

async function doubledRuns(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom("events")
    .select(["machine_id", "data"])
    .where("type", "=", "agent.finished")
    .execute();
  const seen = new Set<string>();
  const doubled: string[] = [];
  for (const { machine_id: id, data } of rows) {
    const run = `${id} ${String(data["run"])}`;
    if (seen.has(run)) doubled.push(`the task of run ${run} ended twice`);
    seen.add(run);
  }
  return doubled;
}
