import { type ScriptResult, type hardwareTypes, scriptResult } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { NotFound } from "../errors.ts";
import { type Caller, mayView, requireOperator, seesEverything, visibleMachines } from "../users/access.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { shown } from "./parameters.ts";

function results(db: Kysely<Tables>) {
  return db
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .select(["r.id", "r.set_id", "r.machine_id", "r.name", "s.type", "r.spec", "r.status", "r.exit_status"])
    .select([
      "r.started_at",
      "r.ended_at",
      "r.runtime",
      "r.device",
      "r.parameters",
      "r.results",
      "r.error",
      "r.suppressed",
    ]);
}
type Row = Awaited<ReturnType<ReturnType<typeof results>["executeTakeFirstOrThrow"]>>;

function toResult({ spec, started_at, ended_at, parameters, ...row }: Row): ScriptResult {
  const times = started_at !== null && ended_at !== null ? (ended_at.getTime() - started_at.getTime()) / 1000 : null;
  return {
    ...row,
    hardware_type: spec.hardware_type,
    parameters: shown(spec.parameters, parameters),
    started_at: started_at?.toISOString() ?? null,
    ended_at: ended_at?.toISOString() ?? null,
    runtime: row.runtime ?? times,
  };
}

export type ResultFilter = {
  type?: string | undefined;
  status?: readonly string[] | undefined;
  name?: string | undefined;
  hardware_type?: (typeof hardwareTypes)[number] | undefined;
  set?: number | undefined;
  /** Also of sets before the newest of each type. */
  history?: boolean | undefined;
};

/**
 * What scripts found on a machine is for those who may see the machine: of one that has an owner, for nobody but him, and
 * operators and auditors of its pool.
 *
 * @throws NotFound
 */
export async function requireReadable(db: Kysely<Tables>, machineId: string, caller: Caller): Promise<void> {
  const machine = await db
    .selectFrom("machines")
    .select(["pool_id", "owner_id"])
    .where("id", "=", machineId)
    .executeTakeFirst();
  if (machine === undefined || !mayView(caller, machine))
    throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
}

/** For whoever decides that a failure does not count. @throws NotFound, Denied unless he operates the machine's pool */
export async function requireJudge(db: Kysely<Tables>, machineId: string, caller: Caller): Promise<void> {
  const machine = await db
    .selectFrom("machines")
    .select(["hostname", "pool_id", "owner_id"])
    .where("id", "=", machineId)
    .executeTakeFirst();
  if (machine === undefined || !mayView(caller, machine))
    throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
  requireOperator(caller, machine, "judge the results of");
}

export const resultList = declareList("machines/{id}/results", scriptResult, {
  order: ["id"],
  descending: true,
  fields: {
    hardware_type: { value: sql`(listed.spec ->> 'hardware_type')` },
    runtime: {
      value: sql`coalesce(listed.runtime::float8, extract(epoch from listed.ended_at - listed.started_at)::float8)`,
      meaning: "seconds",
    },
    parameters: null,
    results: null,
  },
});

/** One page of a machine's results, filtered and sorted as asked for; else the newest first. @throws InputError */
export async function listResults(
  db: Kysely<Tables>,
  machineId: string,
  { type, status, name, hardware_type, set, history = false }: ResultFilter,
  asked: Asked,
): Promise<Page<ScriptResult>> {
  const newest = sql<boolean>`r.set_id = (select max(id) from script_sets n where n.machine_id = r.machine_id and n.type = s.type)`;
  const rows = results(db)
    .where("r.machine_id", "=", machineId)
    .$if(type !== undefined, (query) => query.where(sql<boolean>`s.type = ${type}`))
    .$if(status !== undefined, (query) => query.where(sql<boolean>`r.status = any(${[...(status ?? [])]})`))
    .$if(name !== undefined, (query) => query.where("r.name", "=", name ?? ""))
    .$if(hardware_type !== undefined, (query) =>
      query.where(sql<boolean>`r.spec ->> 'hardware_type' = ${hardware_type}`),
    )
    .$if(set !== undefined, (query) => query.where("r.set_id", "=", set ?? 0))
    .$if(set === undefined && !history, (query) => query.where(newest));
  return showPage(await listPage(db, resultList, rows, asked), toResult);
}

/** One result, where `viewer` may see its machine. @throws NotFound */
export async function readResult(db: Kysely<Tables>, id: number, viewer?: Caller): Promise<ScriptResult> {
  const row = await results(db)
    .where("r.id", "=", id)
    .$if(viewer !== undefined && !seesEverything(viewer), (query) =>
      query.where(
        sql<boolean>`exists (select from machines where machines.id = r.machine_id
          and ${viewer === undefined ? sql`true` : visibleMachines(viewer)})`,
      ),
    )
    .executeTakeFirst();
  if (row === undefined)
    throw new NotFound(`There is no result ${id}.`, {
      next: "GET /api/v1/machines/{id}/results lists a machine's; only those of its last sets are kept.",
    });
  return toResult(row);
}
