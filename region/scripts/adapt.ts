import { isDeepStrictEqual } from "node:util";
import type { Inventory } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { MachineRow } from "../machines/fire.ts";
import { type Values, isDevice, valuesFor } from "./parameters.ts";
import { scriptsOf } from "./select.ts";
import { type Row, rowsFor, rowsOf, insertRuns, type OpenSet, addForHardware } from "./planned.ts";

type Pending = { name: string; status: string; parameters: Values; arguments: unknown; device: string | null };

/** Whether a run that waits is the very one that is wanted: its agent may have been told of it by its number. */
function isSame(there: Pending, wanted: Row): boolean {
  const given = (text: unknown): unknown => (typeof text === "string" ? JSON.parse(text) : null);
  return (
    there.name === wanted.name &&
    there.status === wanted.status &&
    there.device === (wanted.device ?? null) &&
    isDeepStrictEqual(there.parameters, given(wanted.parameters)) &&
    isDeepStrictEqual(there.arguments, given(wanted.arguments))
  );
}

/**
 * The machine told what it is made of: runs on devices are made for those that are there, and scripts for its hardware
 * are added. Runs that have begun, and those that are still right, stay as they are.
 */
export async function adaptScripts(tx: Transaction, machineId: string, inventory: Inventory, now: Date): Promise<void> {
  const sets = await tx
    .selectFrom("script_sets")
    .select(["id", "machine_id", "type", "requested"])
    .where("machine_id", "=", machineId)
    .where("type", "in", ["commissioning", "testing", "release"])
    .where("closed_at", "is", null)
    .orderBy("id")
    .execute();
  const open = sets.flatMap(({ type, ...set }): OpenSet[] => (type === "installation" ? [] : [{ ...set, type }]));
  for (const set of open) {
    const pending = await tx
      .selectFrom("script_results as r")
      .select(["r.id", "r.name", "r.sha256", "r.spec", "r.status", "r.parameters", "r.arguments", "r.device"])
      .where("set_id", "=", set.id)
      // Also those that failed at once, for want of a device that the former inventory did not have.
      .where(
        sql<boolean>`(r.status = 'pending' or (r.status = 'failed' and r.started_at is null and r.device is null))`,
      )
      .where(
        sql<boolean>`not exists (select from script_results s where s.set_id = r.set_id and s.name = r.name and s.started_at is not null)`,
      )
      .orderBy("r.id")
      .execute();
    const onDevices = pending.filter(({ spec }) => Object.values(spec.parameters).some(({ type }) => isDevice(type)));
    const groups = new Map(onDevices.map((row) => [JSON.stringify([row.name, row.parameters]), row]));
    const wanted = [...groups.values()].flatMap((row) =>
      rowsFor(set, { name: row.name, sha256: row.sha256 ?? "", spec: row.spec }, row.parameters, inventory, now),
    );
    const named = Map.groupBy(onDevices, ({ name, device }) => JSON.stringify([name, device]));
    const kept = new Set<number>();
    const rows = wanted.filter((row) => {
      const same = named.get(JSON.stringify([row.name, row.device ?? null]))?.find((one) => isSame(one, row));
      if (same !== undefined) kept.add(same.id);
      return same === undefined;
    });
    const old = onDevices.map(({ id }) => id).filter((id) => !kept.has(id));
    if (old.length > 0) await tx.deleteFrom("script_results").where("id", "in", old).execute();
    await insertRuns(tx, rows);
    await addForHardware(tx, set, inventory, now);
  }
}

/** Runs the built-in scripts of a commissioning once more: a script changed what the machine is made of. */
export async function repeatBuiltins(
  tx: Transaction,
  setId: number,
  machine: Pick<MachineRow, "id" | "inventory">,
  now: Date,
): Promise<void> {
  const all = await scriptsOf(tx, "commissioning");
  const done = await tx
    .selectFrom("script_results")
    .select("name")
    .distinct()
    .where("set_id", "=", setId)
    .where("ended_at", "is not", null)
    .execute();
  const again = all.filter((one) => one.builtin && !one.recommission && done.some(({ name }) => name === one.name));
  await insertRuns(
    tx,
    again.flatMap((one) => rowsOf({ id: setId, machine_id: machine.id }, one, valuesFor(one), machine.inventory, now)),
  );
}
