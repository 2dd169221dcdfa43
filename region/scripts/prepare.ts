import type { ScriptParameters, ScriptType } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { InputError, StateConflict } from "../errors.ts";
import type { MachineRow } from "../machines/fire.ts";
import { valuesFor } from "./parameters.ts";
import { endScripts } from "./runs.ts";
import { type Candidate, scriptsOf, selectScripts } from "./select.ts";
import { rowsOf, insertRuns, addForHardware } from "./planned.ts";
import { forgetOldSets } from "./sets.ts";

export type ScriptWish = {
  machine: Pick<MachineRow, "id" | "hostname" | "status" | "inventory" | "installed">;
  type: ScriptType;
  /** Names and tags; left out: what runs by default. */
  names?: readonly string[] | "none" | undefined;
  parameters?: ScriptParameters | undefined;
  requestedBy: string;
  now: Date;
};

/**
 * Prepares scripts to be run when the machine next asks for its task of that type. What was prepared before and did not
 * run is aborted; older sets than the settings keep are forgotten.
 *
 * @throws InputError for an unknown script, parameter or value; StateConflict for a destructive test of a deployed machine
 */
export async function prepareScripts(tx: Transaction, wish: ScriptWish): Promise<{ set_id: number; count: number }> {
  const { machine, type, requestedBy, now, parameters = {} } = wish;
  const names = wish.names ?? null;
  const selected = selectScripts(await scriptsOf(tx, type), type, names);
  await checkParameterNames(tx, type, Object.keys(parameters), selected);
  const destructive = selected.find((one) => one.destructive);
  if (type === "testing" && destructive && (machine.status === "deployed" || machine.installed))
    throw new StateConflict(
      `Script ${destructive.name} destroys what is on the disks of ${machine.hostname}, which is deployed.`,
      {
        next: "Release the machine first, or choose other tests.",
      },
    );
  await endScripts(tx, machine.id, {
    status: "aborted",
    error: "Other scripts were asked for before it ran.",
    now,
    type,
  });
  const { id: set_id } = await tx
    .insertInto("script_sets")
    .values({
      machine_id: machine.id,
      type,
      requested: names === null ? null : json(names === "none" ? [] : names),
      requested_by: requestedBy,
      created_at: now,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  // Commissioning runs on the devices that it finds, not on those of last year.
  const inventory = type === "commissioning" ? null : machine.inventory;
  const set = { id: set_id, machine_id: machine.id };
  const rows = selected.flatMap((one) =>
    rowsOf(set, one, valuesFor(one, parameters[one.name], machine.inventory), inventory, now),
  );
  await insertRuns(tx, rows);
  await forgetOldSets(tx, machine.id, type);
  const added =
    inventory === null
      ? 0
      : await addForHardware(tx, { ...set, type, requested: names === "none" ? [] : names }, inventory, now);
  return { set_id, count: rows.length + added };
}

/** Values may be given for scripts of other types, which are prepared beside these; not for scripts that do not run. */
async function checkParameterNames(
  tx: Transaction,
  type: ScriptType,
  names: readonly string[],
  selected: readonly Candidate[],
) {
  const strange = names.filter((name) => !selected.some((one) => one.name === name));
  if (strange.length === 0) return;
  const known = await tx
    .selectFrom("scripts")
    .select(["name", "type"])
    // One parameter, for a request may name more scripts than a statement has parameters.
    .where(sql<boolean>`name = any(${strange}::text[])`)
    .execute();
  for (const name of strange) {
    const script = known.find((one) => one.name === name);
    if (script === undefined)
      throw InputError.field(`parameters.${name.slice(0, 100)}`, undefined, "names no script there is");
    if (script.type === type)
      throw InputError.field(`parameters.${name}`, undefined, "names a script that would not run");
  }
}
