import { type Completion, type FilterField, completeFilter, filterFieldAt } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { escapeLike } from "../database/like.ts";
import type { Tables } from "../database/tables.ts";
import { type Caller, visibleMachines, visiblePools } from "../users/access.ts";

/** Values told at most. */
const most = 50;

/** Where the values of a field come from: a column, and the machines' table or one of names. */
function valuesOf(
  field: FilterField,
  viewer: Caller,
): { column: RawBuilder<string>; from: RawBuilder<unknown> } | null {
  const machines = sql`machines where ${visibleMachines(viewer)}`;
  switch (field) {
    case "zone":
      return { column: sql`zones.name`, from: sql`zones where true` };
    case "pool":
      return { column: sql`pools.name`, from: sql`pools where ${visiblePools(viewer)}` };
    case "tag":
      return { column: sql`tags.name`, from: sql`tags where true` };
    case "owner":
      return {
        column: sql`users.username`,
        from: sql`users where id in (select machines.owner_id from ${machines} and machines.owner_id is not null)`,
      };
    case "hostname":
    case "id":
    case "serial":
    case "vendor":
    case "product":
    case "image":
      return { column: sql`${sql.ref(`machines.${field}`)}`, from: machines };
    case "arch":
    case "cpu":
    case "firmware":
    case "mac":
    case "memory":
    case "power":
    case "status":
    case "storage":
      return null;
  }
}

/** What may be typed at a place in a filter, with values that exist: those of what the viewer sees. */
export async function completeMachineFilter(
  db: Kysely<Tables>,
  { text, at, viewer }: { text: string; at: number; viewer: Caller },
): Promise<Completion> {
  const place = filterFieldAt(text, at);
  const source = place && valuesOf(place.field, viewer);
  if (place === null || source === null) return completeFilter(text, at);
  const { column, from } = source;
  const { rows } = await sql<{ value: string }>`
    select distinct ${column} as value from ${from}
      and ${column} <> '' and lower(${column}) like ${`${escapeLike(place.typed)}%`} order by 1 limit ${most}`.execute(
    db,
  );
  return completeFilter(text, at, { [place.field]: rows.map(({ value }) => value) });
}
