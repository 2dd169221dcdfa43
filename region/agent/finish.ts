import { agentFailed, inventoryMissing, makeFailure } from "@rackwright/contract";
import type { AgentReport, Failure } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { type MachineRow, fire } from "../machines/fire.ts";
import { concludeScripts, runningType } from "../scripts/index.ts";

/** Ends the machine's task. Returns true when another one follows at once. */
export async function finish(
  tx: Transaction,
  machine: MachineRow,
  report: Extract<AgentReport, { kind: "finished" }>,
  now: Date,
): Promise<boolean> {
  const about = { machineId: machine.id, actor: "machine", now };
  const ok = report.outcome === "ok";
  const reason = report.failure ?? makeFailure(agentFailed, "The agent on the machine failed without a reason.");
  const type = runningType(machine);
  if (type !== null) {
    const missing = type === "commissioning" && ok ? await withoutInventory(tx, machine.id) : null;
    return concludeScripts(tx, machine, type, { failure: ok ? missing : reason, now });
  }
  if (machine.status === "rescue mode") return false;
  const rescue = machine.status === "entering rescue mode";
  if (ok) await fire(tx, { ...about, trigger: rescue ? "rescue-entered" : "install-finished" });
  else await fire(tx, { ...about, trigger: rescue ? "rescue-failed" : "install-failed", failure: reason });
  return false;
}

/** A machine that never told what it is made of cannot be handed out. */
async function withoutInventory(tx: Transaction, machineId: string): Promise<Failure | null> {
  const { inventory } = await tx
    .selectFrom("machines")
    .select("inventory")
    .where("id", "=", machineId)
    .executeTakeFirstOrThrow();
  if (inventory !== null) return null;
  return makeFailure(inventoryMissing, "The agent finished commissioning without reporting an inventory.");
}
