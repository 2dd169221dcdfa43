import type { Failure, PowerRequest, PowerState } from "@rackwright/contract";
import { z } from "zod";
import { bmcBusy, failure, makeFailure, noRack, powerError } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import type { Database } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { type MachineRow, fire } from "../machines/fire.ts";
import { lifecycle } from "../machines/lifecycle.ts";
import type { PowerJob } from "./enqueue.ts";

/** Carries a command to a machine's BMC. Rejects with an error that has a contract `failure`. */
export type RackPower = {
  perform(request: PowerRequest, machineId: string): Promise<{ state: PowerState }>;
};

/** What becomes of a job: it is over, or tried again later. */
export type Outcome = "over" | "again";

/** Tries of a command that a BMC refuses or does not answer, before it counts as failed. */
const triesOfBmc = 3;
/** Seconds a try needs to judge a BMC: what says nothing in less has only been asked too late. */
const leastTry = 10;

/** Of a machine, which may have an inventory of megabytes, what a power job is about. */
const columns = [
  "id",
  "hostname",
  "status",
  "generation",
  "waits_for",
  "power_driver",
  "power_parameters",
  "power_state",
] as const;
type PoweredMachine = Pick<MachineRow, (typeof columns)[number]>;

type Context = {
  db: Database;
  power: RackPower;
  now: () => Date;
  /** Marks the job as done in the transaction that records its end. */
  complete: (tx: Transaction) => Promise<void>;
};

const withFailure = z.object({ failure });

/** The failure an error carries, or one that says what it is. */
export function failureOf(error: unknown): Failure {
  const told = withFailure.safeParse(error);
  if (told.success) return told.data.failure;
  return makeFailure(powerError, `The power command failed: ${error instanceof Error ? error.message : String(error)}`);
}

/** Share of a job's time that lies between a rack's last word and the moment it is given up, so that the word counts. */
const shareForLastWord = 1 / 4;

/** How long the answer to a job is worth something, in seconds. */
function secondsLeft({ until }: PowerJob, now: Date): number {
  return Math.max(1, ((Date.parse(until) - now.getTime()) / 1000) * (1 - shareForLastWord));
}

/** Runs one power job: asks the rack, records what came of it, and lets the machine's life go on. */
export async function runPowerJob(job: PowerJob, tries: number, context: Context): Promise<Outcome> {
  const { db, power, now, complete } = context;
  const machine = await db.selectFrom("machines").select(columns).where("id", "=", job.machineId).executeTakeFirst();
  const driver = machine?.power_driver;
  const isVoid = !machine || machine.generation !== job.generation || now().getTime() > Date.parse(job.until);
  if (isVoid || !driver || driver === "manual") {
    await db.transaction().execute(complete);
    return "over";
  }
  if (tries === 0 && job.action !== "query")
    await appendEvent(db, {
      type: "power.requested",
      at: now(),
      machine_id: machine.id,
      actor: job.actor,
      message: `power ${job.action} of ${machine.hostname}${job.bootDevice ? `, booting from ${job.bootDevice} next` : ""}`,
      data: { action: job.action, boot_device: job.bootDevice },
    });
  let state: PowerState;
  try {
    ({ state } = await power.perform(
      {
        driver,
        parameters: machine.power_parameters,
        action: job.action,
        boot_device: job.bootDevice,
        stop_mode: job.stopMode ?? "hard",
        within_seconds: secondsLeft(job, now()),
      },
      machine.id,
    ));
  } catch (error) {
    return recordFailure(context, job, machine, failureOf(error), tries);
  }
  if (job.action === "off" && job.decides && state === "on") {
    await waitFor(db, job, "the machine to be off, which its BMC does not report yet");
    return "again";
  }
  await recordDone(context, job, machine, state);
  return "over";
}

async function waitFor(db: Database, job: PowerJob, words: string): Promise<void> {
  await db
    .updateTable("machines")
    .set({ waits_for: words })
    .where("id", "=", job.machineId)
    .where("generation", "=", job.generation)
    .where("deadline", "is not", null)
    .execute();
}

/** The job's machine, locked; undefined where it was deleted meanwhile, which ends the job quietly. */
const lockedMachine = (tx: Transaction, { machineId }: PowerJob): Promise<PoweredMachine | undefined> =>
  tx.selectFrom("machines").select(columns).where("id", "=", machineId).forUpdate().executeTakeFirst();

async function recordDone(
  { db, now, complete }: Context,
  job: PowerJob,
  before: PoweredMachine,
  state: PowerState,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // First the machine, then everything else, as every transition does.
    const machine = await lockedMachine(tx, job);
    await complete(tx);
    if (!machine) return;
    const at = now();
    await tx
      .updateTable("machines")
      .set({ power_state: state, power_checked_at: at })
      .where("id", "=", machine.id)
      .execute();
    const about = { at, machine_id: machine.id, actor: job.actor, data: { action: job.action, state } };
    if (job.action !== "query")
      await appendEvent(tx, {
        ...about,
        type: "power.done",
        message: `power ${job.action} done, ${machine.hostname} is ${state}`,
      });
    else if (state !== before.power_state)
      await appendEvent(tx, { ...about, type: "power.state", message: `${machine.hostname} is ${state}` });
    if (!job.decides || machine.generation !== job.generation) return;
    const trigger = job.action === "off" ? "powered-off" : "powered-on";
    if (lifecycle[machine.status][trigger])
      await fire(tx, { machineId: machine.id, trigger, actor: "region", now: at });
    else if (machine.waits_for !== null)
      await tx
        .updateTable("machines")
        .set({ waits_for: "the machine to ask for an address (DHCP) and boot over the network" })
        .where("id", "=", machine.id)
        .execute();
  });
}

async function recordFailure(
  { db, now, complete }: Context,
  job: PowerJob,
  before: PoweredMachine,
  told: Failure,
  tries: number,
): Promise<Outcome> {
  const rackMissing = told.code === noRack.code || told.code.startsWith("link-");
  if (job.action !== "query" && rackMissing) {
    if (tries === 0) await appendEvent(db, failedEvent(job, before, told, now(), "warning"));
    await waitFor(db, job, "a rack to connect that can reach its BMC");
    return "again";
  }
  if (job.action !== "query" && told.code === bmcBusy.code) {
    // It takes one command at a time, and the one before may have a minute to go; `until` ends this.
    if (tries === 0) await appendEvent(db, failedEvent(job, before, told, now(), "warning"));
    await waitFor(db, job, "the BMC to have time for the power command");
    return "again";
  }
  if (job.action !== "query" && tries + 1 < triesOfBmc && secondsLeft(job, now()) >= leastTry) {
    await appendEvent(db, failedEvent(job, before, told, now(), "warning"));
    return "again";
  }
  await db.transaction().execute(async (tx) => {
    const machine = await lockedMachine(tx, job);
    await complete(tx);
    if (!machine) return;
    const at = now();
    const state = rackMissing ? "unknown" : "error";
    await tx
      .updateTable("machines")
      .set({ power_state: state, power_checked_at: at })
      .where("id", "=", machine.id)
      .execute();
    if (job.action !== "query") await appendEvent(tx, failedEvent(job, machine, told, at, "error"));
    else if (state !== before.power_state) await appendEvent(tx, failedEvent(job, machine, told, at, "warning"));
    const decides = job.decides && machine.generation === job.generation;
    if (decides && lifecycle[machine.status]["power-failed"])
      await fire(tx, { machineId: machine.id, trigger: "power-failed", actor: "region", failure: told, now: at });
  });
  return "over";
}

function failedEvent(job: PowerJob, machine: PoweredMachine, told: Failure, at: Date, level: "warning" | "error") {
  return {
    type: "power.failed" as const,
    level,
    at,
    machine_id: machine.id,
    actor: job.actor,
    message: `power ${job.action} of ${machine.hostname} failed: ${told.message}`,
    data: { action: job.action },
    failure: told,
  };
}
