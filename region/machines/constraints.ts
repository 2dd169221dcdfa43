import { type RawBuilder, sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { knownNames } from "../known-names.ts";

type Names = string | string[] | undefined;
export type PlaceWishes = {
  zone?: Names;
  not_zone?: Names;
  pool?: Names;
  not_pool?: Names;
  tags?: Names;
  not_tags?: Names;
};

const listed = (names: Names): string[] => (names === undefined ? [] : [...new Set([names].flat())]);

/** Ids of all the names in a table. @throws InputError naming those that do not exist */
async function idsOf(
  tx: Transaction,
  table: "zones" | "pools" | "tags",
  field: string,
  names: Names,
): Promise<number[]> {
  const wanted = listed(names);
  if (wanted.length === 0) return [];
  const rows = await tx.selectFrom(table).select(["id", "name"]).where("name", "in", wanted).execute();
  const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0)
    throw InputError.field(
      field,
      unknown.join(", "),
      `must be names of ${table} that exist; ${await knownNames(tx, table, unknown)}`,
    );
  return rows.map(({ id }) => id);
}

/**
 * What a machine's zone, pool and tags must be and must not be, as a condition on `machines`. One zone or pool of those
 * named is enough; tags must all be there.
 *
 * @throws InputError for a zone, pool or tag that does not exist
 */
export async function placeConstraints(tx: Transaction, wishes: PlaceWishes): Promise<RawBuilder<boolean>> {
  const conditions: RawBuilder<boolean>[] = [sql<boolean>`true`];
  for (const kind of ["zone", "pool"] as const) {
    const column = sql.ref(`machines.${kind}_id`);
    const some = await idsOf(tx, `${kind}s`, kind, wishes[kind]);
    const none = await idsOf(tx, `${kind}s`, `not_${kind}`, wishes[`not_${kind}`]);
    if (some.length > 0) conditions.push(sql<boolean>`${column} = any(${some}::bigint[])`);
    if (none.length > 0) conditions.push(sql<boolean>`${column} <> all(${none}::bigint[])`);
  }
  const given = (ids: readonly number[]) =>
    sql`select from machine_tags where machine_id = machines.id and tag_id = any(${[...ids]}::bigint[])`;
  const all = await idsOf(tx, "tags", "tags", wishes.tags);
  const none = await idsOf(tx, "tags", "not_tags", wishes.not_tags);
  if (all.length > 0)
    conditions.push(sql<boolean>`machines.id in (select machine_id from machine_tags
      where tag_id = any(${all}::bigint[]) group by machine_id having count(*) = ${all.length})`);
  if (none.length > 0) conditions.push(sql<boolean>`not exists (${given(none)})`);
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}
