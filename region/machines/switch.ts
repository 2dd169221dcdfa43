import { machineLocked, noPowerDriver } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { Denied, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { enqueuePower } from "../power/enqueue.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";
import { mayApply } from "./hints.ts";

export type PowerWish = "on" | "off" | "cycle" | "query";

/**
 * A power command outside the life cycle: nothing waits for its end, which is told in the events.
 *
 * @throws Denied unless the owner or an administrator asks, StateConflict for a machine without a BMC
 */
export async function askPower(
  db: Database,
  machineId: string,
  action: PowerWish,
  { caller, now, stopMode }: By & { stopMode?: "soft" | "hard" | undefined },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    if (action !== "query" && !mayApply("owner", machine, caller))
      throw new Denied(`Only the owner of ${machine.hostname} or an administrator may switch it.`);
    if (action !== "query" && machine.locked)
      throw new StateConflict(
        `Machine ${machine.hostname} is locked, which does not allow to switch it.`,
        machineLocked,
      );
    if (machine.power_driver === null || machine.power_driver === "manual")
      throw new StateConflict(`Machine ${machine.hostname} has no power driver that can be asked.`, noPowerDriver);
    await appendAudit(tx, {
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
      ...(stopMode !== undefined && action === "off" && { stopMode }),
      actor: caller.username,
      decides: false,
      until: new Date(now.getTime() + 5 * 60_000).toISOString(),
    });
  });
}
