import { machineStatus, type Filter } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { z } from "zod";
import type { Tables } from "../database/tables.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { filterCondition } from "./filter.ts";

/** What machines are counted by: the column they are grouped by, and how it is shown. */
const groupings = {
  status: { column: "status", shown: (value: RawBuilder<unknown>) => value },
  zone: {
    column: "zone_id",
    shown: (value: RawBuilder<unknown>) => sql`(select name from zones where id = ${value})`,
  },
  pool: {
    column: "pool_id",
    shown: (value: RawBuilder<unknown>) => sql`(select name from pools where id = ${value})`,
  },
  owner: {
    column: "owner_id",
    shown: (value: RawBuilder<unknown>) => sql`(select username from users where id = ${value})`,
  },
  architecture: { column: "architecture", shown: (value: RawBuilder<unknown>) => value },
  power_state: { column: "power_state", shown: (value: RawBuilder<unknown>) => value },
};
export type Grouping = keyof typeof groupings;
const names = Object.keys(groupings) as [Grouping, ...Grouping[]];

/** Groups told at most, the largest ones. */
const mostGroups = 1000;

/** Columns that counting looks at; the index machines_counted has them all. */
export const countColumns: readonly string[] = names.map((one) => groupings[one].column);
const columnOf = (one: Grouping) => sql.ref(`machines.${groupings[one].column}`);

/** The query parameter `by`. */
export const countBy = z
  .string()
  .max(200)
  .transform((text) => [...new Set(text.split(",").map((part) => part.trim()))])
  .pipe(z.array(z.enum(names)).min(1))
  .describe(`one or several with commas between: ${names.join(", ")}`);

const name = z.string().nullable();
export const machineCounts = z.object({
  total: z.int().describe("machines counted"),
  groups: z.int().describe(`groups there are; the ${mostGroups} largest are told`),
  counts: z.array(
    z.object({
      status: machineStatus.optional(),
      zone: name.optional(),
      pool: name.optional(),
      owner: name.optional().describe("null: nobody"),
      architecture: name.optional(),
      power_state: name.optional(),
      count: z.int(),
    }),
  ),
});
export type MachineCounts = z.infer<typeof machineCounts>;

/** How many machines the viewer sees in each group, the largest groups first. One query, which reads one index. */
export async function countMachines(
  db: Kysely<Tables>,
  { by, filter, viewer }: { by: readonly Grouping[]; filter?: Filter | undefined; viewer: Caller },
): Promise<MachineCounts> {
  const columns = by.map((one) => sql`${columnOf(one)} as ${sql.ref(one)}`);
  const shown = by.map((one) => sql`${groupings[one].shown(sql.ref(`counted.${one}`))} as ${sql.ref(one)}`);
  const { rows } = await sql<MachineCounts["counts"][number] & { groups: number; total: number }>`
    select ${sql.join(shown)}, count, groups, total from (
      select *, count(*) over () as groups, sum(count) over ()::bigint as total from (
        select ${sql.join(columns)}, count(*) as count from machines
        where ${visibleMachines(viewer)} and ${filter === undefined ? sql`true` : filterCondition(filter)}
        group by ${sql.join(by.map(columnOf))}
      ) as grouped order by count desc, ${sql.join(by.map((one) => sql.ref(`grouped.${one}`)))} limit ${mostGroups}
    ) as counted`.execute(db);
  const [first] = rows;
  const counts = rows.map(({ groups: _groups, total: _total, ...item }) => item);
  return { total: first?.total ?? 0, groups: first?.groups ?? 0, counts };
}
