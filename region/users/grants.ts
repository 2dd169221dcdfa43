import type { GroupGrant } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { knownNames } from "../known-names.ts";

/** Roles with the names of their pools, of the grants a condition names, as a column. */
export function namedGrants(condition: RawBuilder<unknown>): RawBuilder<GroupGrant[]> {
  return sql<GroupGrant[]>`(select coalesce(jsonb_agg(jsonb_build_object('role', role, 'pool', pools.name)
    order by role, pools.name), '[]') from grants left join pools on pools.id = grants.pool_id where ${condition})`;
}

/** Roles of the column `grants` of a list, as rows. */
export const grantedRoles = sql`(select one ->> 'role' from jsonb_array_elements(listed.grants) as one)`;

/** Gives somebody these roles and no others. @throws InputError for a pool that does not exist */
export async function setGrants(
  tx: Transaction,
  whose: { user_id: number } | { group_id: number },
  grants: readonly GroupGrant[],
): Promise<void> {
  const names = [...new Set(grants.flatMap(({ pool }) => pool ?? []))];
  const pools = names.length === 0 ? [] : await tx.selectFrom("pools").selectAll().where("name", "in", names).execute();
  const ids = new Map(pools.map(({ id, name }) => [name, id]));
  const unknown = names.filter((name) => !ids.has(name));
  if (unknown.length > 0)
    throw InputError.field(
      "grants",
      unknown.slice(0, 10).join(", "),
      `must name resource pools that exist; ${await knownNames(tx, "pools", unknown)}`,
    );
  if (grants.some(({ role, pool }) => role === "administrator" && pool !== null))
    throw InputError.field("grants", "administrator", "of one pool is nobody: give operator there");
  const of = "user_id" in whose ? ("user_id" as const) : ("group_id" as const);
  const id = "user_id" in whose ? whose.user_id : whose.group_id;
  await tx.deleteFrom("grants").where(of, "=", id).execute();
  if (grants.length === 0) return;
  await tx
    .insertInto("grants")
    .values(
      grants.map(({ role, pool }) => ({ ...whose, role, pool_id: pool === null ? null : (ids.get(pool) ?? null) })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
