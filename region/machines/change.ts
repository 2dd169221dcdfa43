import type { Database, Transaction } from "../database/pool.ts";
import { json } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { notifyRacks } from "../racks/notify.ts";
import { setPlace } from "../zones/index.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";

export type MachineChange = {
  hostname?: string | undefined;
  power_driver?: "ipmi" | "manual" | undefined;
  power_parameters?: Record<string, string> | undefined;
  zone?: string | undefined;
  pool?: string | undefined;
};

/**
 * Changes name, power parameters, zone or pool. Parameters given replace all former ones.
 *
 * @throws StateConflict when the hostname is taken, InputError for a zone or pool that does not exist
 */
export async function updateMachine(db: Database, machineId: string, change: MachineChange, { caller, now }: By) {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId);
    const before = await readChangeable(tx, machineId);
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
    await setPlace(tx, [machineId], change);
    await notifyRacks(tx);
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} changed ${Object.keys(change).join(", ") || "nothing"} of ${machine.hostname}`,
      before,
      after: await readChangeable(tx, machineId),
      data: { action: "update", fields: Object.keys(change) },
    });
  });
}

/** What an update may change of a machine. */
function readChangeable(tx: Transaction, machineId: string) {
  return tx
    .selectFrom("machines")
    .innerJoin("zones", "zones.id", "machines.zone_id")
    .innerJoin("pools", "pools.id", "machines.pool_id")
    .select(["hostname", "power_driver", "power_parameters", "zones.name as zone", "pools.name as pool"])
    .where("machines.id", "=", machineId)
    .executeTakeFirstOrThrow();
}
