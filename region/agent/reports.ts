import type { AgentReport, agentReportsAnswer } from "@rackwright/contract";
import type { z } from "zod";
import { taskKind } from "../boot/orders.ts";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { appendEvents } from "../events/append.ts";
import { saveBmc } from "../machines/bmc.ts";
import { type MachineRow, lockMachine } from "../machines/fire.ts";
import { saveInventory } from "../machines/inventory.ts";
import { touch } from "../machines/touch.ts";
import { queryAfterShutdown } from "../power/query.ts";
import { adaptScripts, agentRestarted, keepResult, takeScriptReports } from "../scripts/index.ts";
import { reportClock } from "./clock.ts";
import { type Batch, endsAgain, goesOn, forgetOldRuns, continueRun } from "./runs.ts";
import { eventOf, progressOf } from "./report-events.ts";
import { finish } from "./finish.ts";

type Answer = z.infer<typeof agentReportsAnswer>;

/**
 * Takes a batch of an agent's reports, each of them once, in the order of their sequence. A run belongs to the life the
 * machine had when it began: after anything else became of the machine, its reports are dropped and it is told to stop.
 */
export async function takeReports(
  tx: Transaction,
  machineId: string,
  { run, reports }: Batch,
  now: Date,
): Promise<Answer> {
  const machine = await lockMachine(tx, machineId);
  const known = await tx
    .selectFrom("agent_runs")
    .select(["task", "generation", "through"])
    .where("machine_id", "=", machineId)
    .where("run", "=", run)
    .executeTakeFirst();
  const last = Math.max(...reports.map((report) => report.sequence));
  if (known !== undefined && endsAgain(known, reports))
    return { through: Math.max(last, known.through), stop: false, again: goesOn(known, machine) };
  if (taskKind(machine) === null || (known !== undefined && known.generation !== machine.generation)) {
    return { through: Math.max(last, known?.through ?? -1), stop: true, again: false };
  }
  const current = known ?? { generation: machine.generation, through: -1 };
  const fresh = [...new Map(reports.map((report) => [report.sequence, report])).values()]
    .filter((report) => report.sequence > current.through)
    .sort((a, b) => a.sequence - b.sequence);
  const through = Math.max(last, current.through);
  if (known === undefined) {
    await forgetOldRuns(tx, machine);
    await agentRestarted(tx, machineId, run, now);
  }
  const row = { task: taskKind(machine) ?? "", generation: current.generation, through, updated_at: now };
  await tx
    .insertInto("agent_runs")
    .values({ machine_id: machineId, run, ...row })
    .onConflict((conflict) => conflict.columns(["machine_id", "run"]).doUpdateSet(row))
    .execute();
  const end = fresh.findIndex((report) => report.kind === "finished");
  const counted = end === -1 ? fresh : fresh.slice(0, end + 1);
  const events = counted.flatMap((report) => eventOf(machine, report, run));
  for (const report of lastWords(counted)) await keep(tx, machine, report, now);
  if (known === undefined) await reportClock(tx, machine, reports, now);
  await appendEvents(tx, events);
  await takeScriptReports(tx, machine, run, counted, now);
  const progress = progressOf(machine, counted);
  if (progress !== machine.progress) {
    await tx
      .updateTable("machines")
      .set({ progress: json(progress) })
      .where("id", "=", machineId)
      .execute();
  }
  await touch(tx, machineId, now);
  const finished = counted.at(-1);
  const again = finished?.kind === "finished" && (await finish(tx, machine, finished, now));
  if (again) await continueRun(tx, machineId, run);
  else if (finished?.kind === "finished") await queryAfterShutdown(tx, machineId, now);
  return { through, stop: false, again };
}

/** Without inventories and BMCs that a later report of the batch replaces: each costs as much as a hundred others. */
function lastWords(reports: readonly AgentReport[]): AgentReport[] {
  const last = new Map(reports.map((report) => [report.kind, report]));
  const replaced = ({ kind }: AgentReport) => kind === "inventory" || kind === "bmc";
  return reports.filter((report) => !replaced(report) || last.get(report.kind) === report);
}

async function keep(tx: Transaction, machine: MachineRow, report: AgentReport, now: Date): Promise<void> {
  // What a machine is made of and how its BMC is reached, only a commissioning tells: in other tasks it is a user's.
  const commissioning = taskKind(machine) === "commission";
  if (report.kind === "inventory" && commissioning) {
    await saveInventory(tx, machine.id, report.inventory, now);
    await adaptScripts(tx, machine.id, report.inventory, now);
  }
  if (report.kind === "bmc" && commissioning) await saveBmc(tx, machine.id, report.bmc);
  if (report.kind !== "result") return;
  const { name, exit_status, runtime } = report;
  const [out, err] = [Buffer.from(report.output), Buffer.from(report.error)];
  await keepResult(tx, machine, { name, exit_status, runtime, out, err }, now);
}
