import type { Database } from "../database/pool.ts";
import { json } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";

/** What somebody may write on a machine. */
const most = { keys: 1000, name: 255, value: 10_000 } as const;

/**
 * Writes words of its owner on a machine, by key; an empty text takes a key away. They go when the machine is released.
 *
 * @throws StateConflict unless the caller owns the machine, InputError for more than fits
 */
export async function annotateMachine(
  db: Database,
  machineId: string,
  changes: Readonly<Record<string, string>>,
  { caller, now }: By,
): Promise<void> {
  const wrong = Object.entries(changes).find(([name, value]) => name.length > most.name || value.length > most.value);
  if (wrong)
    throw InputError.field(
      wrong[0].slice(0, 100),
      undefined,
      `must have at most ${most.value} characters, and its name at most ${most.name}`,
    );
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    if (machine.owner_id !== caller.id)
      throw new StateConflict(`Only the owner of ${machine.hostname} may write on it.`, {
        next: "Allocate the machine first.",
      });
    const all = { ...machine.annotations, ...changes };
    const after = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    if (Object.keys(after).length > most.keys)
      throw new InputError(`A machine has room for ${most.keys} annotations; these would be more.`);
    await tx
      .updateTable("machines")
      .set({ annotations: json(after) })
      .where("id", "=", machineId)
      .execute();
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} wrote on ${machine.hostname}: ${Object.keys(changes).join(", ").slice(0, 500) || "nothing"}`,
      before: machine.annotations,
      after,
      data: { action: "annotate" },
    });
  });
}
