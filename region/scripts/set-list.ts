import type { HardwareType, ResultType } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { shown } from "./parameters.ts";
import { failedStatuses } from "./runs.ts";
import { suppressResult } from "./suppress.ts";

/** Which sets of a machine, and which of their results; what is left out does not matter. */
export type SetFilter = {
  type?: ResultType | undefined;
  hardware_type?: HardwareType | undefined;
  /** Names and tags of scripts, and numbers of results: any of them. Empty: all. */
  words?: readonly string[];
};

function rows(db: Kysely<Tables>) {
  return db
    .selectFrom("script_results as r")
    .leftJoin("scripts as c", "c.name", "r.name")
    .select(["r.id", "r.set_id", "r.name", "r.status", "r.exit_status", "r.spec", "r.parameters", "r.results"])
    .select(["r.suppressed", "r.created_at", "r.started_at", "r.ended_at", "r.runtime", "c.id as script_id"])
    .select(
      sql<number | null>`(select max(v.id) from script_versions v where v.sha256 = r.sha256 and v.name = r.name)`.as(
        "version",
      ),
    );
}
export type SetResult = Awaited<ReturnType<ReturnType<typeof rows>["executeTakeFirstOrThrow"]>>;
/** Scripts that were prepared together, with what became of each. */
export type ScriptSet = {
  id: number;
  machine_id: string;
  type: ResultType;
  created_at: Date;
  closed_at: Date | null;
  results: SetResult[];
};

/**
 * Sets of scripts of a machine, the newest last; or the one of this number, or the newest of this type. Values of passwords
 * among parameters are hidden.
 */
export async function listSets(
  db: Kysely<Tables>,
  machineId: string,
  { type, hardware_type, words = [] }: SetFilter,
  only?: number | ResultType,
): Promise<ScriptSet[]> {
  const newest = typeof only === "string";
  const sets = await db
    .selectFrom("script_sets")
    .select(["id", "machine_id", "type", "created_at", "closed_at"])
    .where("machine_id", "=", machineId)
    .$if(type !== undefined, (query) => query.where(sql<boolean>`type = ${type}`))
    .$if(typeof only === "number", (query) => query.where(sql<boolean>`id = ${only}`))
    .$if(newest, (query) => query.where(sql<boolean>`type = ${only}`))
    .orderBy("id", newest ? "desc" : "asc")
    .$if(newest, (query) => query.limit(1))
    .execute();
  if (sets.length === 0) return [];
  const numbers = words.filter((word) => /^[0-9]{1,15}$/.test(word)).map(Number);
  const results = await rows(db)
    .where(
      "r.set_id",
      "in",
      sets.map(({ id }) => id),
    )
    .$if(hardware_type !== undefined, (query) =>
      query.where(sql<boolean>`r.spec ->> 'hardware_type' = ${hardware_type}`),
    )
    .$if(words.length > 0, (query) =>
      query.where(
        sql<boolean>`(r.name = any(${[...words]}::text[]) or r.id = any(${numbers}::bigint[])
          or c.tags && ${[...words]}::text[])`,
      ),
    )
    .orderBy("r.id")
    .execute();
  const bySet = Map.groupBy(results, ({ set_id }) => set_id);
  return sets.map((set) => ({
    ...set,
    results: (bySet.get(set.id) ?? []).map((result) => ({
      ...result,
      parameters: shown(result.spec.parameters, result.parameters) as Record<string, string>,
    })),
  }));
}

/** What is said where a machine has no such set. */
export function missingSet(machineId: string, which: string | number): NotFound {
  return new NotFound(`Machine ${machineId} has no set of scripts ${which}.`);
}

type By = { actor: string; now: Date };

/** Lets failures among these results not count, or count again. Others are left alone. */
export async function suppressResults(
  tx: Transaction,
  results: readonly SetResult[],
  suppressed: boolean,
  by: By,
): Promise<void> {
  for (const { id, status, suppressed: before } of results)
    if (before !== suppressed && (!suppressed || failedStatuses.some((failed) => failed === status)))
      await suppressResult(tx, id, suppressed, by);
}

/** Forgets a set with its results. @throws NotFound; StateConflict while its scripts run */
export async function deleteSet(tx: Transaction, machineId: string, id: number, { actor, now }: By): Promise<void> {
  const set = await tx
    .selectFrom("script_sets as s")
    .innerJoin("machines as m", "m.id", "s.machine_id")
    .select(["s.type", "s.closed_at", "m.hostname"])
    .select(sql<boolean>`exists (select from script_results r where r.set_id = s.id and r.ended_at is null)`.as("runs"))
    .where("s.id", "=", id)
    .where("s.machine_id", "=", machineId)
    .executeTakeFirst();
  if (set === undefined) throw missingSet(machineId, id);
  if (set.closed_at === null && set.runs)
    throw new StateConflict(`Scripts of set ${id} still run on ${set.hostname}.`, {
      next: "Wait for their end, or abort what the machine does.",
    });
  await tx.deleteFrom("script_sets").where("id", "=", id).execute();
  await appendAudit(tx, {
    type: "machine.action",
    actor,
    at: now,
    machine_id: machineId,
    message: `${actor}: delete results of ${set.type} (set ${id}) of ${set.hostname}`,
    before: { set: id, type: set.type },
    data: { action: "delete_results" },
  });
}
