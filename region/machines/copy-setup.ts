import type { Database } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { copyInterfaces } from "../interfaces/copy.ts";
import { changeStorageIn, loadStorages } from "../storage/index.ts";
import { copyStorage } from "../storage/copy.ts";
import { requireOperator } from "../users/access.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";

/**
 * Sets a machine's network or storage up as those of another machine.
 *
 * @throws NotFound, Denied, StateConflict unless it is ready or its tests failed, InputError where its hardware does not
 *   allow it
 */
export async function copySetup(
  db: Database,
  { from, to, interfaces, storage }: { from: string; to: string; interfaces: boolean; storage: boolean },
  { caller, now }: By,
): Promise<void> {
  if (from === to) throw InputError.field("destinations", to, "must not contain the source");
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, to, caller);
    requireOperator(caller, machine, "change");
    if (machine.status !== "ready" && machine.status !== "failed testing")
      throw new StateConflict(
        `Machine ${machine.hostname} is ${machine.status}; only one that is ready, or whose tests failed, is set up as another one.`,
      );
    if (interfaces) {
      await copyInterfaces(tx, from, to, now);
      await appendAudit(tx, {
        type: "machine.action",
        at: now,
        machine_id: to,
        actor: caller.username,
        message: `${caller.username} set the network of ${machine.hostname} up as that of ${from}`,
        data: { action: "clone", source: from },
      });
    }
    if (!storage) return;
    const source = (await loadStorages(tx, [from])).get(from);
    if (source === undefined) throw InputError.field("source", from, "must be the id of a machine");
    const what = `copied the storage configuration of ${from} to that`;
    await changeStorageIn(tx, {
      machineId: to,
      caller,
      now,
      need: "restore",
      what,
      apply: (draft, make) => copyStorage(source, draft, make),
    });
  });
}
