import { resultTypes, type ResultType } from "@rackwright/contract";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { Tables } from "../database/tables.ts";
import { readOutputs } from "../scripts/index.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { callerOf, localTime } from "./common.ts";
import { type Resource, operation } from "./operation.ts";
import { list } from "./parameters.ts";
import { resultTypeWords } from "./script-words.ts";

/** Results read at once: each comes with everything its script wrote. */
const pageSize = 20;

type Filter = { machines: readonly string[]; names: readonly string[]; types: readonly ResultType[] };

function page(db: Kysely<Tables>, caller: Caller, { machines, names, types }: Filter, after: number) {
  return db
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .innerJoin("machines", "machines.id", "r.machine_id")
    .select(["r.id", "r.name", "r.machine_id", "r.exit_status", "r.created_at", "r.ended_at", "s.type"])
    .where("r.id", ">", after)
    .where("r.ended_at", "is not", null)
    .where(visibleMachines(caller))
    .$if(machines.length > 0, (query) => query.where("r.machine_id", "in", [...machines]))
    .$if(names.length > 0, (query) => query.where("r.name", "in", [...names]))
    .$if(types.length > 0, (query) => query.where("s.type", "in", [...types]))
    .orderBy("r.id")
    .limit(pageSize)
    .execute();
}

/** Results of scripts that ended, one entry for what each wrote and, where there is some, one for its errors. */
async function* results(db: Kysely<Tables>, caller: Caller, filter: Filter): AsyncGenerator {
  for (let after = 0; ;) {
    const rows = await page(db, caller, filter, after);
    const outputs = await readOutputs(
      db,
      rows.map(({ id }) => id),
    );
    for (const { id, name, machine_id, exit_status, created_at, ended_at, type } of rows) {
      const { out, err } = outputs(id);
      const entry = (suffix: string, data: Buffer) => ({
        id,
        name: `${name}${suffix}`,
        created: localTime(created_at),
        updated: localTime(ended_at ?? created_at),
        script_result: exit_status ?? 0,
        result_type: resultTypeWords[type].code,
        node: { system_id: machine_id },
        data: data.toString("base64"),
        resource_uri: "/MAAS/api/2.0/installation-results/",
      });
      yield entry("", out);
      if (err.length > 0) yield entry(".err", err);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last.id;
  }
}

const types = list("Only results of these types: 0 commissioning, 1 installation, 2 testing, 3 release.").transform(
  (values, context) =>
    values.flatMap((value): ResultType[] => {
      const found = resultTypes.find((type) => String(resultTypeWords[type].code) === value.trim());
      if (found !== undefined) return [found];
      context.addIssue({ code: "custom", message: `'${value.slice(0, 50)}' is not one of 0, 1, 2, 3` });
      return z.NEVER;
    }),
);

/** The results of scripts as MAAS showed them before there were sets. */
export const nodeResultResources: readonly Resource[] = [
  {
    handler: "NodeResultsHandler",
    path: "installation-results/",
    aliases: ["commissioning-results/"],
    doc: "Read the results of scripts, of all machines.",
    operations: {
      GET: operation({
        access: "user",
        title: "List results of scripts.",
        parameters: z.object({
          system_id: list("Only of these machines."),
          name: list("Only of scripts with these names."),
          result_type: types,
        }),
        run: async (call, { system_id, name, result_type }) => ({
          items: results(call.db, callerOf(call), { machines: system_id, names: name, types: result_type }),
        }),
      }),
    },
  },
];
