import type { PowerState } from "@rackwright/contract";
import { setTimeout as sleep } from "node:timers/promises";
import { OutsideDown } from "../errors.ts";
import type { Database } from "../database/pool.ts";
import type { Clock } from "../clock.ts";
import type { Caller } from "../users/access.ts";
import { askPower } from "./switch.ts";

/** Milliseconds between looks whether the BMC's answer is there. */
const lookEvery = 250;

/**
 * Asks a machine's BMC how it is and waits for the answer, which is also kept with the machine. `unknown` for a machine
 * without a power driver that can be asked.
 *
 * @param within seconds to wait at most
 * @throws OutsideDown when no answer comes; NotFound
 */
export async function queryPowerState(
  db: Database,
  machineId: string,
  { caller, clock, within, signal }: { caller: Caller; clock: Clock; within: number; signal: AbortSignal },
): Promise<PowerState> {
  const read = () =>
    db
      .selectFrom("machines")
      .select(["power_driver", "power_state", "power_checked_at"])
      .where("id", "=", machineId)
      .executeTakeFirst();
  const before = await read();
  if (before === undefined || before.power_driver === null || before.power_driver === "manual") return "unknown";
  await askPower(db, machineId, "query", { caller, now: clock.now() });
  const end = clock.now().getTime() + within * 1000;
  while (clock.now().getTime() < end && !signal.aborted) {
    const now = await read();
    if (now === undefined) return "unknown";
    if (now.power_checked_at?.getTime() !== before.power_checked_at?.getTime()) return now.power_state;
    await sleep(lookEvery, undefined, { signal }).catch(() => {});
  }
  throw new OutsideDown(`The BMC of machine ${machineId} did not answer within ${within} seconds.`, {
    code: "bmc-unreachable",
    next: "Look at the machine's events.",
  });
}
