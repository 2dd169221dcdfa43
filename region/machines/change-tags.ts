import type { Database } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { setTags } from "../tags/index.ts";
import { requireOperator } from "../users/access.ts";
import type { By } from "./ask.ts";
import { lockMachine } from "./fire.ts";

/**
 * Gives tags to a machine and takes tags from it.
 *
 * @throws NotFound, InputError for a tag that does not exist, StateConflict for one that is given by its definition
 */
export async function changeTags(
  db: Database,
  machineId: string,
  change: { add?: readonly string[]; remove?: readonly string[] },
  { caller, now }: By,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const machine = await lockMachine(tx, machineId, caller);
    requireOperator(caller, machine, "change the tags of");
    const { add = [], remove = [] } = change;
    await setTags(tx, [machineId], { add, remove });
    const words = [
      ...(add.length > 0 ? [`gave tags ${add.join(", ")} to ${machine.hostname}`] : []),
      ...(remove.length > 0 ? [`took tags ${remove.join(", ")} from ${machine.hostname}`] : []),
    ];
    await appendEvent(tx, {
      type: "machine.action",
      at: now,
      machine_id: machineId,
      actor: caller.username,
      message: `${caller.username} ${words.join(" and ") || "changed no tag"}`,
      data: { action: "tags", add: [...add], remove: [...remove] },
    });
  });
}
