import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { json } from "../database/pool.ts";
import { Denied, InputError, StateConflict } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { enqueuePower } from "../power/enqueue.ts";
import { notifyRacks } from "../racks/notify.ts";
import { checkDeployable } from "../storage/index.ts";
import { type Caller, type MachineRow, fire, lockMachine, mayApply } from "./fire.ts";
import type { OperatorTrigger } from "./lifecycle.ts";

type By = { caller: Caller; now: Date };

/** Commission, release or abort. Errors as of `fire`. */
export async function ask(
  db: Database,
  machineId: string,
  trigger: Exclude<OperatorTrigger, "deploy" | "allocate">,
  { caller, now }: By,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await fire(tx, { machineId, trigger, actor: caller.username, caller, now });
  });
}

export type Deployment = { image: string; user_data?: string | undefined };

/**
 * Puts an operating system on a machine that is allocated, or ready (then it is allocated to `ownerId` first).
 *
 * @throws InputError when there is no such image for the machine; errors as of `fire`
 */
export async function deployMachine(
  db: Database,
  machineId: string,
  { image, user_data }: Deployment,
  { caller, ownerId, now }: By & { ownerId: number },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId);
    await requireImage(tx, image, machine);
    await fire(tx, {
      machineId,
      trigger: "deploy",
      actor: caller.username,
      caller,
      ownerId,
      now,
      deployment: { image, user_data: user_data ?? null },
    });
  });
}

/** Refuses what cannot work before the machine is switched on: no such image, no disk it fits on. */
async function requireImage(
  tx: Transaction,
  name: string,
  { architecture, inventory, status }: MachineRow,
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
  const failure = status === "ready" || status === "allocated" ? checkDeployable(inventory, image) : null;
  if (failure) throw new StateConflict([failure.message, ...failure.evidence].join(" "), failure);
}

export type PowerWish = "on" | "off" | "cycle" | "query";

/**
 * A power command outside the life cycle: nothing waits for its end, which is told in the events.
 *
 * @throws Denied unless the owner or an administrator asks, StateConflict for a machine without a BMC
 */
export async function askPower(db: Database, machineId: string, action: PowerWish, { caller, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId);
    if (action !== "query" && !mayApply("owner", machine.owner_id, caller))
      throw new Denied(`Only the owner of ${machine.hostname} or an administrator may switch it.`);
    if (machine.power_driver === null || machine.power_driver === "manual")
      throw new StateConflict(`Machine ${machine.hostname} has no power driver that can be asked.`, {
        code: "no-power-driver",
        next: "Set power_driver and power_parameters of the machine, or switch it by hand.",
      });
    if (action !== "query")
      await appendEvent(tx, {
        type: "machine.action",
        at: now,
        machine_id: machineId,
        actor: caller.username,
        message: `${caller.username}: power ${action} ${machine.hostname}`,
        data: { action: `power_${action}` },
      });
    await enqueuePower(tx, {
      machineId,
      generation: machine.generation,
      action,
      bootDevice: null,
      actor: caller.username,
      decides: false,
      until: new Date(now.getTime() + 5 * 60_000).toISOString(),
    });
  });
}

export type MachineChange = {
  hostname?: string | undefined;
  power_driver?: "ipmi" | "manual" | undefined;
  power_parameters?: Record<string, string> | undefined;
};

/**
 * Changes name or power parameters. Parameters given replace all former ones.
 *
 * @throws StateConflict when the hostname is taken
 */
export async function updateMachine(db: Database, machineId: string, change: MachineChange, { caller, now }: By) {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId);
    const { hostname, power_driver, power_parameters } = change;
    if (hostname !== undefined && hostname !== machine.hostname) {
      const taken = await tx.selectFrom("machines").select("id").where("hostname", "=", hostname).executeTakeFirst();
      if (taken) throw new StateConflict(`Hostname ${hostname} is taken by machine ${taken.id}.`);
    }
    await tx
      .updateTable("machines")
      .set({
        hostname: hostname ?? machine.hostname,
        power_driver: power_driver ?? machine.power_driver,
        power_parameters: json(power_parameters ?? machine.power_parameters),
        ...((power_driver ?? power_parameters) !== undefined && { power_state: "unknown", power_checked_at: null }),
      })
      .where("id", "=", machineId)
      .execute();
    await notifyRacks(tx);
    await appendEvent(tx, {
      type: "machine.action",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} changed ${Object.keys(change).join(", ") || "nothing"} of ${machine.hostname}`,
      data: { action: "update", fields: Object.keys(change) },
    });
  });
}

/** Forgets a machine: its cards, credentials and results go with it, its jobs find nobody, its events stay. */
export async function deleteMachine(db: Database, machineId: string, { caller, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId);
    const macs = sql<string[]>`array(select mac from interfaces where machine_id = ${machineId})`;
    const { rows } = await sql<{ macs: string[] }>`select ${macs} as macs`.execute(tx);
    await tx.deleteFrom("machines").where("id", "=", machineId).execute();
    await notifyRacks(tx);
    await appendEvent(tx, {
      type: "machine.deleted",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} deleted ${machine.hostname} (${machine.status})`,
      data: { hostname: machine.hostname, status: machine.status, macs: rows[0]?.macs ?? [] },
    });
  });
}
