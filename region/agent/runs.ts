import type { agentReports } from "@rackwright/contract";
import type { z } from "zod";
import { taskKind } from "../boot/orders.ts";
import type { Transaction } from "../database/pool.ts";
import type { MachineRow } from "../machines/fire.ts";

export type Batch = z.infer<typeof agentReports>;
type Run = { task: string; generation: number; through: number };

/** Whether the end of this run comes a second time: the answer to the first was lost on its way to the machine. */
export function endsAgain({ through }: Run, reports: Batch["reports"]): boolean {
  return reports.some((report) => report.kind === "finished" && report.sequence <= through);
}

/** Whether the agent was told to go on with the next task when its run ended, and that task still waits for it. */
export function goesOn({ task, generation }: Run, machine: MachineRow): boolean {
  const next = taskKind(machine);
  return next !== null && next !== task && generation === machine.generation;
}

/** Runs remembered of one machine: each restart of its agent makes one, and a stranger could make them without end. */
const mostRuns = 100;

/** Keeps the runs of the machine's last lives only, and of them the newest. */
export async function forgetOldRuns(tx: Transaction, machine: MachineRow): Promise<void> {
  await tx
    .deleteFrom("agent_runs")
    .where("machine_id", "=", machine.id)
    .where((where) =>
      where.or([
        where("generation", "<", machine.generation - 20),
        where("run", "in", (runs) =>
          runs
            .selectFrom("agent_runs")
            .select("run")
            .where("machine_id", "=", machine.id)
            .orderBy("updated_at", "desc")
            .offset(mostRuns),
        ),
      ]),
    )
    .execute();
}

/** The agent goes on with the machine's next task: its run belongs to the life that began with that. */
export async function continueRun(tx: Transaction, machineId: string, run: string): Promise<void> {
  await tx
    .updateTable("agent_runs")
    .set((build) => ({
      generation: build.selectFrom("machines").select("generation").where("id", "=", machineId).$asScalar().$notNull(),
    }))
    .where("machine_id", "=", machineId)
    .where("run", "=", run)
    .execute();
}
