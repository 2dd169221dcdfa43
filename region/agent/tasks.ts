import type { AgentTask } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { FailureError } from "../errors.ts";
import { type MachineRow, fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { credentialsFor } from "../metadata/access.ts";
import { installPlan } from "../storage/plan.ts";

/** What a machine in this status has its agent do; null: nothing. */
export function taskKind(machine: Pick<MachineRow, "status" | "netboot">): "commission" | "install" | null {
  if (machine.status === "commissioning") return "commission";
  return machine.status === "deploying" && machine.netboot ? "install" : null;
}

/** An operator's own account on the BMC is left alone; ours is made, or made anew. */
function configuresBmc(machine: MachineRow): boolean {
  const { power_user, power_pass } = machine.power_parameters;
  return machine.power_driver !== "ipmi" || power_user === undefined || power_pass === undefined;
}

/**
 * The task of the machine's agent at this moment. An installation that cannot be planned fails here, with the reason,
 * and the machine powers off.
 */
export async function currentTask(tx: Transaction, machineId: string, rack: string, now: Date): Promise<AgentTask> {
  const machine = await lockMachine(tx, machineId);
  const kind = taskKind(machine);
  if (kind === null) {
    return {
      kind: "poweroff",
      system_id: machineId,
      reason: `the machine is ${machine.status}, there is nothing to do`,
    };
  }
  await touch(tx, machineId, now, "the agent to report its next step");
  if (kind === "commission") {
    return { kind, system_id: machineId, configure_bmc: configuresBmc(machine), afterwards: "poweroff" };
  }
  try {
    return { kind, system_id: machineId, plan: await planFor(tx, machine, rack, now), afterwards: "reboot" };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { failure } = error;
    await fire(tx, { machineId, trigger: "install-failed", actor: "region", failure, now });
    return { kind: "poweroff", system_id: machineId, reason: failure.message };
  }
}

async function planFor(tx: Transaction, machine: MachineRow, rack: string, now: Date) {
  const architecture = machine.inventory?.architecture ?? machine.architecture ?? "amd64";
  const image = await tx
    .selectFrom("images")
    .select(["name", "architecture", "files"])
    .where("name", "=", machine.image ?? "")
    .where("architecture", "=", architecture)
    .where("kind", "=", "deployable")
    .executeTakeFirst();
  if (image === undefined) {
    throw new FailureError({
      code: "image-missing",
      message: `The image ${machine.image ?? "(none)"} for ${architecture} is not in the image store.`,
      evidence: [],
      next: "Build or upload it (rackwright images list shows what is there), then deploy the machine again.",
    });
  }
  return installPlan({ machine, image, rack, credentials: await credentialsFor(tx, machine.id, now) });
}
