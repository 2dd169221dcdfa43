import type { ScriptType } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";
import { readSettings } from "../settings/settings.ts";

/** Forgets a machine's older sets of a type, beyond as many as the settings keep. */
export async function forgetOldSets(
  tx: Transaction,
  machineId: string,
  type: ScriptType | "installation",
): Promise<void> {
  const { script_history, script_history_of } = await readSettings(tx);
  const kept = script_history_of[type] ?? script_history;
  await tx
    .deleteFrom("script_sets")
    .where("machine_id", "=", machineId)
    .where("type", "=", type)
    .where("id", "not in", (newest) =>
      newest
        .selectFrom("script_sets")
        .select("id")
        .where("machine_id", "=", machineId)
        .where("type", "=", type)
        .orderBy("id", "desc")
        .limit(kept),
    )
    .execute();
}

/** The newest set of a type that is not closed, made when there is none: for results that nobody asked for. */
export async function openSet(
  tx: Transaction,
  machineId: string,
  type: ScriptType | "installation",
  now: Date,
): Promise<number> {
  const open = await tx
    .selectFrom("script_sets")
    .select(["id", "closed_at"])
    .where("machine_id", "=", machineId)
    .where("type", "=", type)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (open !== undefined && open.closed_at === null) return open.id;
  const made = await tx
    .insertInto("script_sets")
    .values({ machine_id: machineId, type, requested_by: "machine", created_at: now })
    .returning("id")
    .executeTakeFirstOrThrow();
  await forgetOldSets(tx, machineId, type);
  return made.id;
}
