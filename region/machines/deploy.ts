import { checkMemory } from "../boot/memory.ts";
import type { Database, Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { checkDeployable } from "../storage/index.ts";
import type { By } from "./ask.ts";
import { type MachineRow, fire, lockMachine } from "./fire.ts";
import { requireUsableUserData } from "../metadata/userdata-check.ts";

export type Deployment = {
  image: string;
  ephemeral?: boolean | undefined;
  user_data?: string | undefined;
  comment?: string | undefined;
};

/**
 * Puts an operating system on a machine that is allocated, or ready (then it is allocated to `ownerId` first).
 *
 * @throws InputError when there is no such image for the machine, or cloud-init would drop the user data; errors as
 * of `fire`
 */
export async function deployMachine(
  db: Database,
  machineId: string,
  { image, ephemeral = false, user_data, comment }: Deployment,
  { caller, ownerId, now }: By & { ownerId: number },
): Promise<void> {
  requireUsableUserData(user_data);
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId);
    await requireImage(tx, image, machine, ephemeral);
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
  });
}

/** Refuses what cannot work before the machine is switched on: no such image, no disk or memory it fits on. */
async function requireImage(
  tx: Transaction,
  name: string,
  { architecture, inventory, status }: MachineRow,
  ephemeral: boolean,
): Promise<void> {
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
  const failure = !checked ? null : ephemeral ? checkMemory(inventory, image) : checkDeployable(inventory, image);
  if (failure) throw new StateConflict([failure.message, ...failure.evidence].join(" "), failure);
}
