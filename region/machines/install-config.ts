import type { InstallPlan, MachineStatus } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { FailureError, InputError, NotFound } from "../errors.ts";
import { configuredNetworkOf } from "../interfaces/configure.ts";
import { storageOf } from "../storage/index.ts";
import { configuredNetwork, installPlan } from "../storage/plan.ts";
import { kernelOptionsOf } from "../tags/give.ts";

const deploying: readonly MachineStatus[] = ["deploying", "deployed", "failed deployment"];

/**
 * What the installer is told to do with a machine, without secrets: in the words of curtin's configuration.
 *
 * @throws InputError unless it is or was deployed, or where no plan can be made; NotFound
 */
export async function installConfig(
  db: Database,
  machineId: string,
  now: Date,
): Promise<Pick<InstallPlan, "storage" | "network" | "kernel_options"> & { sources: Record<string, object> }> {
  return db.transaction().execute(async (tx) => {
    const machine = await tx.selectFrom("machines").selectAll().where("id", "=", machineId).executeTakeFirst();
    if (!machine) throw new NotFound(`There is no machine ${machineId}.`);
    if (!deploying.includes(machine.status))
      throw new InputError(`Machine ${machine.hostname} is not in a deployment state.`);
    const image = await tx
      .selectFrom("images")
      .select(["name", "architecture", "files"])
      .where("name", "=", machine.image ?? "")
      .where("architecture", "=", machine.architecture ?? "amd64")
      .where("kind", "=", "deployable")
      .executeTakeFirst();
    if (image === undefined) throw new InputError(`The image ${machine.image ?? "(none)"} is not there any more.`);
    const network = (await configuredNetworkOf(tx, machineId, now)) ?? configuredNetwork(machine);
    // Only what is no secret is shown of the plan; its credentials are in the files it writes.
    const credentials = { consumer_key: "", token_key: "", token_secret: "" };
    const tagOptions = await kernelOptionsOf(tx, machineId);
    try {
      const storage = await storageOf(tx, machine);
      const plan = installPlan({ machine, storage, image, rack: "http://rack", credentials, tagOptions, network });
      return {
        sources: { "00": { type: plan.source.type, image: plan.source.image, sha256: plan.source.sha256 } },
        storage: plan.storage,
        network: plan.network,
        kernel_options: plan.kernel_options,
      };
    } catch (error) {
      if (error instanceof FailureError) throw new InputError(error.message, { cause: error });
      throw error;
    }
  });
}
