import { machineLocked } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { notifyRacks } from "../racks/notify.ts";
import { requireOperator } from "../users/access.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";

/** Forgets a machine: its cards, credentials and results go with it, its jobs find nobody, its events stay. */
export async function deleteMachine(db: Database, machineId: string, { caller, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    requireOperator(caller, machine, "delete");
    if (machine.locked)
      throw new StateConflict(
        `Machine ${machine.hostname} is locked, which does not allow to delete it.`,
        machineLocked,
      );
    const macs = sql<string[]>`array(select mac from interfaces where machine_id = ${machineId} and mac is not null)`;
    const { rows } = await sql<{ macs: string[] }>`select ${macs} as macs`.execute(tx);
    await tx.deleteFrom("machines").where("id", "=", machineId).execute();
    await notifyRacks(tx);
    await appendAudit(tx, {
      type: "machine.deleted",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} deleted ${machine.hostname} (${machine.status})`,
      before: {
        hostname: machine.hostname,
        status: machine.status,
        power_driver: machine.power_driver,
        power_parameters: machine.power_parameters,
      },
      data: { hostname: machine.hostname, status: machine.status, macs: rows[0]?.macs ?? [] },
    });
  });
}
