import type { ResultType } from "@rackwright/contract";
import { json, storable } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import type { ScriptSpec } from "../database/tables/scripts.ts";
import { appendEvent } from "../events/append.ts";
import type { MachineRow } from "../machines/fire.ts";
import { appendOutput } from "./output.ts";
import { openSet } from "./sets.ts";
import { runningType } from "./conclude.ts";
import { isLshw, saveLshw } from "../tags/lshw.ts";

/** Of a script that is not ours. */
const noSpec: ScriptSpec = {
  hardware_type: "node",
  parallel: "disabled",
  timeout: 0,
  packages: { apt: [], snap: [], url: [] },
  may_reboot: false,
  recommission: false,
  apply_configured_networking: false,
  results: null,
  parameters: {},
  size: 0,
};

export type ForeignResult = {
  name: string;
  /** Left out: it is a file, and nobody says how it was made. */
  exit_status?: number;
  /** Seconds. */
  runtime?: number;
  out: Buffer;
  err: Buffer;
};

/** Results a machine may tell on its own in one set: a stranger must not fill the database. */
const mostForeign = 100;

/** The kind of results that come in this status: a system that runs on its own tells of its installation, if of anything. */
export function resultTypeOf(machine: Pick<MachineRow, "status" | "patience">): ResultType {
  return runningType(machine) ?? "installation";
}

/**
 * Keeps a result that nobody asked for: the output of a program the agent ran by itself, a log of cloud-init. It never
 * counts in the verdict on the machine. A result of the same name in the same set takes the place of the former one.
 */
export async function keepResult(
  tx: Transaction,
  machine: Pick<MachineRow, "id" | "status" | "patience">,
  { name: given, exit_status, runtime, out, err }: ForeignResult,
  now: Date,
): Promise<void> {
  const name = storable(given).slice(0, 200);
  const type = resultTypeOf(machine);
  const set_id = await openSet(tx, machine.id, type, now);
  await tx
    .deleteFrom("script_results")
    .where("set_id", "=", set_id)
    .where("name", "=", name)
    .where("sha256", "is", null)
    .execute();
  const { count } = await tx
    .selectFrom("script_results")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("set_id", "=", set_id)
    .where("sha256", "is", null)
    .executeTakeFirstOrThrow();
  if (count >= mostForeign)
    return appendEvent(tx, {
      type: "agent.log",
      level: "warning",
      at: now,
      machine_id: machine.id,
      actor: "machine",
      message: `The result ${name} is not kept: the machine told ${mostForeign} of its own already.`,
    });
  const { id } = await tx
    .insertInto("script_results")
    .values({
      set_id,
      machine_id: machine.id,
      name,
      status: exit_status === undefined || exit_status === 0 ? "passed" : "failed",
      spec: json(noSpec),
      arguments: null,
      exit_status: exit_status === undefined ? null : Math.max(-2_147_483_648, Math.min(2_147_483_647, exit_status)),
      runtime: runtime === undefined ? null : Math.round(Math.min(Math.max(runtime, 0), 1e9) * 1000) / 1000,
      // It is told, not judged: whether a program of the agent's own matters, the agent says itself.
      suppressed: exit_status !== undefined && exit_status !== 0,
      created_at: now,
      started_at: now,
      ended_at: now,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await appendOutput(tx, id, [
    { stream: "out", offset: 0, data: out },
    { stream: "err", offset: 0, data: err },
  ]);
  // Tags follow from it: what a tenant's own system says is not asked.
  if (isLshw(name) && type === "commissioning" && (exit_status ?? 0) === 0)
    await saveLshw(tx, machine.id, out.toString());
}
