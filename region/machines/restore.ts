import { sql } from "kysely";
import type { MachineStatus } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { restoreInterfaces } from "../interfaces/defaults.ts";
import { requireOperator } from "../users/access.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";

const allowed: readonly MachineStatus[] = ["ready", "failed testing"];

/**
 * Links the network of a machine as commissioning does, in place of what was configured by hand.
 *
 * @throws StateConflict unless the machine is ready or its tests failed, Denied
 */
export async function restoreNetwork(db: Database, machineId: string, { caller, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    requireOperator(caller, machine, "restore the network of");
    if (!allowed.includes(machine.status))
      throw new StateConflict(
        `Machine ${machine.hostname} is ${machine.status}; its network is restored while it is ${allowed.join(" or ")}.`,
      );
    await restoreInterfaces(tx, machineId, now);
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} restored the network configuration of ${machine.hostname}`,
      data: { action: "restore network" },
    });
  });
}

/**
 * Lets the gateways of a machine be chosen by its links again, in place of what was chosen by hand.
 *
 * @throws Denied, NotFound
 */
export async function clearDefaultGateways(db: Database, machineId: string, { caller, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    requireOperator(caller, machine, "change");
    const { rows } = await sql<{ id: number }>`
      update interface_links l set default_gateway = false from interfaces i
      where i.id = l.interface_id and i.machine_id = ${machineId} and l.default_gateway returning l.id`.execute(tx);
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} cleared the default gateways of ${machine.hostname}`,
      before: { default_gateway_links: rows.map(({ id }) => id) },
      after: { default_gateway_links: [] },
      data: { action: "clear default gateways" },
    });
  });
}
