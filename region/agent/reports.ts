import type { AgentReport, Failure, agentReports, agentReportsAnswer } from "@rackwright/contract";
import type { z } from "zod";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import type { Progress } from "../database/tables.ts";
import { appendEvents, type NewEvent } from "../events/append.ts";
import { saveBmc } from "../machines/enlist.ts";
import { type MachineRow, fire, lockMachine } from "../machines/fire.ts";
import { saveInventory } from "../machines/inventory.ts";
import { touch } from "../machines/touch.ts";
import { taskKind } from "./tasks.ts";

type Batch = z.infer<typeof agentReports>;
type Answer = z.infer<typeof agentReportsAnswer>;
type Run = { generation: number; through: number };

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
    .select(["generation", "through"])
    .where("machine_id", "=", machineId)
    .where("run", "=", run)
    .executeTakeFirst();
  const last = Math.max(...reports.map((report) => report.sequence));
  if (taskKind(machine) === null || (known !== undefined && known.generation !== machine.generation)) {
    return { through: Math.max(last, known?.through ?? -1), stop: true };
  }
  const current: Run = known ?? { generation: machine.generation, through: -1 };
  const fresh = [...new Map(reports.map((report) => [report.sequence, report])).values()]
    .filter((report) => report.sequence > current.through)
    .sort((a, b) => a.sequence - b.sequence);
  const through = Math.max(last, current.through);
  if (known === undefined) await forgetOldRuns(tx, machine);
  const row = { task: taskKind(machine) ?? "", generation: current.generation, through, updated_at: now };
  await tx
    .insertInto("agent_runs")
    .values({ machine_id: machineId, run, ...row })
    .onConflict((conflict) => conflict.columns(["machine_id", "run"]).doUpdateSet(row))
    .execute();
  const end = fresh.findIndex((report) => report.kind === "finished");
  const counted = end === -1 ? fresh : fresh.slice(0, end + 1);
  const events = counted.flatMap((report) => eventOf(machine, report, run));
  for (const report of counted) await keep(tx, machineId, report, now);
  await appendEvents(tx, events);
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
  if (finished?.kind === "finished") await finish(tx, machine, finished, now);
  return { through, stop: false };
}

/** Keeps the runs of the machine's last lives only. */
async function forgetOldRuns(tx: Transaction, machine: MachineRow): Promise<void> {
  await tx
    .deleteFrom("agent_runs")
    .where("machine_id", "=", machine.id)
    .where("generation", "<", machine.generation - 20)
    .execute();
}

/** A time that the column holds, in thousandths: single precision neither takes 1e300 nor 1e-300. */
function seconds(runtime: number): number {
  return Math.round(Math.min(Math.max(runtime, 0), 1e9) * 1000) / 1000;
}

async function keep(tx: Transaction, machineId: string, report: AgentReport, now: Date): Promise<void> {
  if (report.kind === "inventory") await saveInventory(tx, machineId, report.inventory);
  if (report.kind === "bmc") await saveBmc(tx, machineId, report.bmc);
  if (report.kind !== "result") return;
  await tx
    .insertInto("script_results")
    .values({
      machine_id: machineId,
      name: report.name,
      exit_status: Math.max(-2_147_483_648, Math.min(2_147_483_647, report.exit_status)),
      runtime: seconds(report.runtime),
      output: report.output,
      error: report.error,
      created_at: now,
    })
    .execute();
}

function eventOf(machine: MachineRow, report: AgentReport, run: string): NewEvent[] {
  const about = { machine_id: machine.id, mac: machine.boot_mac, actor: "machine", data: { run, at: report.at } };
  const event = (type: NewEvent["type"], message: string, rest: Partial<NewEvent> = {}): NewEvent[] => [
    { ...about, type, message, ...rest, data: { ...about.data, ...rest.data } },
  ];
  switch (report.kind) {
    case "started":
      return event("agent.started", `agent started: ${report.task}, ${report.uptime.toFixed(1)} s after the kernel`, {
        data: { task: report.task, agent: report.agent, uptime: report.uptime },
      });
    case "step":
      return event("agent.step", `${report.title}: ${report.state}`, {
        level: report.state === "failed" ? "error" : "info",
        data: { step: report.step, title: report.title, state: report.state, seconds: report.seconds ?? null },
        failure: report.failure ?? null,
      });
    case "progress":
      return event("agent.progress", `${report.step} ${report.percent}%: ${report.message}`, {
        level: "debug",
        data: { step: report.step, percent: report.percent },
      });
    case "result":
      return event("agent.result", `${report.name} ended with ${report.exit_status}`, {
        level: report.exit_status === 0 ? "info" : "warning",
        data: { name: report.name, exit_status: report.exit_status, seconds: report.runtime },
      });
    case "log":
      return event("agent.log", report.lines[0] ?? "", { level: "debug", data: { lines: report.lines } });
    case "finished":
      return event("agent.finished", `agent finished: ${report.outcome}`, {
        level: report.outcome === "ok" ? "info" : "error",
        data: { outcome: report.outcome },
        failure: report.failure ?? null,
      });
    case "inventory":
    case "bmc":
    case "heartbeat":
      return [];
  }
}

/** How far the machine's task is, after these reports. */
function progressOf(machine: MachineRow, reports: readonly AgentReport[]): Progress | null {
  let progress = machine.progress;
  for (const report of reports) {
    if (report.kind === "started") progress = { step: "start", title: "Agent started", percent: null };
    if (report.kind === "step") {
      const percent = report.state === "done" ? 100 : report.state === "started" ? 0 : (progress?.percent ?? null);
      progress = { step: report.step, title: report.title, percent };
    }
    if (report.kind === "progress") {
      const title = progress?.step === report.step ? progress.title : report.step;
      progress = { step: report.step, title, percent: report.percent };
    }
  }
  return progress;
}

async function finish(
  tx: Transaction,
  machine: MachineRow,
  report: Extract<AgentReport, { kind: "finished" }>,
  now: Date,
): Promise<void> {
  const about = { machineId: machine.id, actor: "machine", now };
  const commissioning = machine.status === "commissioning";
  if (report.outcome === "ok") {
    const missing = commissioning ? await withoutInventory(tx, machine.id) : null;
    if (missing !== null) await fire(tx, { ...about, trigger: "commission-failed", failure: missing });
    else await fire(tx, { ...about, trigger: commissioning ? "commission-passed" : "install-finished" });
    return;
  }
  const failure: Failure = report.failure ?? {
    code: "agent-failed",
    message: "The agent on the machine failed without a reason.",
    evidence: [],
    next: "Look at the machine's events and console, then try again.",
  };
  await fire(tx, { ...about, trigger: commissioning ? "commission-failed" : "install-failed", failure });
}

/** A machine that never told what it is made of cannot be handed out. */
async function withoutInventory(tx: Transaction, machineId: string): Promise<Failure | null> {
  const { inventory } = await tx
    .selectFrom("machines")
    .select("inventory")
    .where("id", "=", machineId)
    .executeTakeFirstOrThrow();
  if (inventory !== null) return null;
  return {
    code: "inventory-missing",
    message: "The agent finished commissioning without reporting an inventory.",
    evidence: [],
    next: "Commission the machine again; if it happens again, look at its agent.log events.",
  };
}
