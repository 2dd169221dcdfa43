import type { Inventory, ScriptType } from "@rackwright/contract";
import type { Insertable } from "kysely";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import type { ScriptResultsTable, ScriptSpec } from "../database/tables/scripts.ts";
import { InputError } from "../errors.ts";
import { type Values, expand, isDevice, shown, valuesFor } from "./parameters.ts";
import { carrySuppressed } from "./suppress.ts";
import { type Candidate, scriptsOf, selectForHardware } from "./select.ts";

export type Row = Insertable<ScriptResultsTable>;
/** Runs in one set at most: a hundred scripts on a hundred disks. */
const mostRuns = 10_000;

function specOf(script: Candidate): ScriptSpec {
  const { hardware_type, parallel, timeout, packages, may_reboot, recommission, apply_configured_networking } = script;
  const { parameters, size } = script;
  const declared = Object.keys(script.results);
  const own = { parameters, size, results: declared.length === 0 ? null : declared };
  return { hardware_type, parallel, timeout, packages, may_reboot, recommission, apply_configured_networking, ...own };
}

type Runnable = Pick<Candidate, "name" | "sha256"> & { spec: ScriptSpec };

/** The runs of one script: one a device; a single one that waits for the inventory, or that failed for want of a device. */
export function rowsFor(
  set: { id: number; machine_id: string },
  one: Runnable,
  values: Values,
  inventory: Inventory | null,
  now: Date,
): Row[] {
  const base = {
    set_id: set.id,
    machine_id: set.machine_id,
    name: one.name,
    sha256: one.sha256,
    spec: json(one.spec),
    created_at: now,
  };
  const row = { ...base, status: "pending" as const, parameters: json(values) };
  const resolved = expand(one.spec.parameters, values, inventory);
  if (resolved === null) return [row];
  if (resolved.length > 0)
    return resolved.map((run) => ({ ...row, arguments: json(run.arguments), device: run.device }));
  const [name = ""] = Object.keys(values).filter((each) => isDevice(one.spec.parameters[each]?.type ?? "string"));
  const what = one.spec.parameters[name]?.type === "storage" ? "disk" : "network interface";
  const error = `The machine has no ${what} that ${name} '${values[name]?.slice(0, 200)}' stands for.`;
  return [{ ...row, status: "failed", parameters: json(shown(one.spec.parameters, values)), error, ended_at: now }];
}

/** The runs of one script as it is now. */
export function rowsOf(
  set: { id: number; machine_id: string },
  script: Candidate,
  values: Values,
  inventory: Inventory | null,
  now: Date,
): Row[] {
  return rowsFor(set, { name: script.name, sha256: script.sha256, spec: specOf(script) }, values, inventory, now);
}

/** Writes runs, a few statements for all of them. @throws InputError for more than a set holds */
export async function insertRuns(tx: Transaction, rows: readonly Row[]): Promise<void> {
  if (rows.length > mostRuns)
    throw InputError.field(
      "scripts",
      rows.length,
      `must make at most ${mostRuns} runs; choose fewer scripts or devices`,
    );
  for (let at = 0; at < rows.length; at += 500)
    await tx
      .insertInto("script_results")
      .values(rows.slice(at, at + 500))
      .execute();
  for (const set of new Set(rows.map(({ set_id }) => set_id))) await carrySuppressed(tx, set);
}

export type OpenSet = { id: number; machine_id: string; type: ScriptType; requested: readonly string[] | null };

/** Adds the scripts for hardware that the inventory shows and that are not in the set yet. Returns how many runs. */
export async function addForHardware(tx: Transaction, set: OpenSet, inventory: Inventory, now: Date): Promise<number> {
  const wanted = selectForHardware(await scriptsOf(tx, set.type), set.requested, inventory);
  if (wanted.length === 0) return 0;
  const there = await tx.selectFrom("script_results").select("name").distinct().where("set_id", "=", set.id).execute();
  const rows = wanted
    .filter(({ name }) => !there.some((one) => one.name === name))
    .flatMap((one) => {
      // A script that cannot do without a value nobody gave is not one to run by itself.
      const missing = Object.values(one.parameters).some(
        (p) => p.required && p.default === undefined && !isDevice(p.type),
      );
      return missing ? [] : rowsOf(set, one, valuesFor(one), inventory, now);
    });
  await insertRuns(tx, rows);
  return rows.length;
}
