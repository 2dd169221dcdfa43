import { rootMissing, storageUnsupported } from "@rackwright/contract";
import { checkMemory } from "../boot/memory.ts";
import type { Database, Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { type BridgeWish, acquireBridges } from "../interfaces/acquire.ts";
import { assignAddresses, checkNetwork } from "../interfaces/configure.ts";
import { checkDeployable, storageOf } from "../storage/index.ts";
import { requireMayUse } from "../users/access.ts";
import type { By } from "./ask.ts";
import { type MachineRow, fire, lockMachine } from "./fire.ts";
import { requireUsableUserData } from "../metadata/userdata-check.ts";

export type Deployment = {
  image: string;
  ephemeral?: boolean | undefined;
  user_data?: string | undefined;
  comment?: string | undefined;
  /** What is kept with the machine until it is released. */
  settings?: DeploymentSettings | undefined;
  /** Bridges to put on every interface, until it is released. */
  bridges?: BridgeWish | undefined;
};
export type DeploymentSettings = Partial<
  Pick<MachineRow, "agent_name" | "hwe_kernel" | "enable_hw_sync" | "enable_kernel_crash_dump">
>;

/**
 * Puts an operating system on a machine that is allocated, or ready (then it is allocated to `ownerId` first).
 *
 * @throws InputError when there is no such image for the machine, or cloud-init would drop the user data; errors as
 * of `fire`
 */
export async function deployMachine(
  db: Database,
  machineId: string,
  { image, ephemeral = false, user_data, comment, settings = {}, bridges }: Deployment,
  { caller, ownerId, now }: By & { ownerId: number },
): Promise<void> {
  requireUsableUserData(user_data);
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    requireMayUse(caller, machine, "deploy");
    await requireImage(tx, image, machine, ephemeral);
    if (bridges !== undefined && (machine.status === "ready" || machine.status === "allocated"))
      await acquireBridges(tx, machineId, bridges, now);
    await prepareNetwork(tx, machine, now);
    await fire(tx, {
      machineId,
      trigger: "deploy",
      actor: caller.username,
      caller,
      ownerId,
      now,
      comment,
      deployment: { image, user_data: user_data ?? null, ephemeral },
    });
    if (Object.keys(settings).length > 0)
      await tx.updateTable("machines").set(settings).where("id", "=", machineId).execute();
  });
}

/** Refuses a network that cannot be installed, and picks the addresses that are chosen now. */
async function prepareNetwork(tx: Transaction, { id, status }: MachineRow, now: Date): Promise<void> {
  // In other statuses the life cycle has the better answer.
  if (status !== "ready" && status !== "allocated") return;
  const failure = await checkNetwork(tx, id, now);
  if (failure)
    throw new InputError(failure.message, { ...failure, failures: [{ field: "network", allowed: failure.message }] });
  await assignAddresses(tx, id, now);
}

/** Refuses what cannot work before the machine is switched on: no such image, no disk or memory it fits on. */
async function requireImage(tx: Transaction, name: string, machine: MachineRow, ephemeral: boolean): Promise<void> {
  const { architecture, inventory, status } = machine;
  const images = await tx
    .selectFrom("images")
    .select(["name", "architecture", "files"])
    .where("kind", "=", "deployable")
    .orderBy("name")
    .execute();
  const fitting = images.filter((image) => architecture === null || image.architecture === architecture);
  const image = fitting.find((one) => one.name === name);
  if (!image) {
    const allowed = [...new Set(fitting.map((one) => one.name))].join(", ");
    throw InputError.field(
      "image",
      name,
      allowed === ""
        ? `names no image that can be deployed; there is none for ${architecture ?? "any architecture"} yet`
        : `must be one of the images for ${architecture ?? "any architecture"}: ${allowed}`,
    );
  }
  // In other statuses the life cycle has the better answer.
  const checked = status === "ready" || status === "allocated";
  if (!checked) return;
  const failure = ephemeral
    ? checkMemory(inventory, image)
    : checkDeployable(inventory, await storageOf(tx, machine), image);
  if (failure?.code === rootMissing.code || failure?.code === storageUnsupported.code)
    throw new InputError(failure.message, { ...failure, failures: [{ field: "storage", allowed: failure.message }] });
  if (failure) throw new StateConflict([failure.message, ...failure.evidence].join(" "), failure);
}
