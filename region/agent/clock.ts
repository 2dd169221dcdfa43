import { type AgentReport, machineClockOff, makeFailure } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";

/** Seconds a machine's clock may differ before it is told; OAuth and Kerberos commonly allow as much. */
export const clockSkewSeconds = 300;

/** Tells of a machine whose clock is far off, by the newest of an agent's first reports. It hinders nothing here. */
export async function reportClock(
  tx: Transaction,
  machine: { id: string; hostname: string; boot_mac: string | null },
  reports: readonly AgentReport[],
  now: Date,
): Promise<void> {
  const newest = Math.max(...reports.map(({ at }) => Date.parse(at)));
  const seconds = Math.round((newest - now.getTime()) / 1000);
  if (Math.abs(seconds) <= clockSkewSeconds) return;
  const off = `${Math.abs(seconds)} seconds ${seconds < 0 ? "behind" : "ahead of"} the region's`;
  const message = `The clock of ${machine.hostname} is ${off}.`;
  await appendEvent(tx, {
    type: "agent.log",
    level: "warning",
    at: now,
    machine_id: machine.id,
    mac: machine.boot_mac,
    actor: "region",
    message,
    data: { seconds },
    failure: makeFailure(machineClockOff, message, [
      `the machine says ${new Date(newest).toISOString()}`,
      `the region says ${now.toISOString()}`,
    ]),
  });
}
