import { imageMissing, makeFailure } from "@rackwright/contract";
import type { AgentTask } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { FailureError } from "../errors.ts";
import { type MachineRow, fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { wasRunning } from "../machines/transition.ts";
import { credentialsFor } from "../metadata/access.ts";
import { taskKind } from "../boot/orders.ts";
import { configuredNetworkOf } from "../interfaces/configure.ts";
import { pendingScripts } from "../scripts/index.ts";
import { storageOf } from "../storage/index.ts";
import { configuredNetwork, installPlan } from "../storage/plan.ts";
import { kernelOptionsOf } from "../tags/give.ts";

/** An operator's own account on the BMC is left alone; ours is made, or made anew. */
function configuresBmc(machine: MachineRow): boolean {
  const { power_user, power_pass } = machine.power_parameters;
  return machine.power_driver !== "ipmi" || power_user === undefined || power_pass === undefined;
}

/** A machine with a system of its own goes back to it; one that somebody wants to log in to stays on. */
function afterTests(machine: MachineRow): "poweroff" | "reboot" | "stay" {
  if (machine.keep_on) return "stay";
  return wasRunning(machine) ? "reboot" : "poweroff";
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
  const own = { system_id: machineId };
  if (kind === "rescue") return { kind, ...own, afterwards: "stay" };
  if (kind === "release") {
    return { kind, ...own, scripts: await pendingScripts(tx, machineId, "release"), afterwards: "poweroff" };
  }
  if (kind === "test") {
    const scripts = await pendingScripts(tx, machineId, "testing");
    const applies = scripts.some((one) => one.apply_configured_networking);
    const network = applies ? await networkOf(tx, machine, now) : null;
    return { kind, ...own, scripts, network, afterwards: afterTests(machine) };
  }
  if (kind === "commission") {
    const scripts = await pendingScripts(tx, machineId, "commissioning");
    const afterwards = machine.keep_on ? "stay" : "poweroff";
    return { kind, ...own, configure_bmc: configuresBmc(machine) && !machine.skip_bmc_config, scripts, afterwards };
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

/** The network as it is set up, else the card it boots from asking for an address. */
const networkOf = async (tx: Transaction, machine: MachineRow, now: Date) =>
  (await configuredNetworkOf(tx, machine.id, now)) ?? configuredNetwork(machine);

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
    throw new FailureError(
      makeFailure(
        imageMissing,
        `The image ${machine.image ?? "(none)"} for ${architecture} is not in the image store.`,
      ),
    );
  }
  const tagOptions = await kernelOptionsOf(tx, machine.id);
  const network = await networkOf(tx, machine, now);
  const credentials = await credentialsFor(tx, machine.id, now);
  const storage = await storageOf(tx, machine);
  return installPlan({ machine, storage, image, rack, credentials, tagOptions, network });
}
