import type { Self } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type Caller, mayAudit } from "./access.ts";

/** Who asks, and what he may: pools and groups by their names. */
export async function readSelf(db: Kysely<Tables>, caller: Caller): Promise<Self> {
  const { id, username, administrator, grants = [], readOnly = false } = caller;
  const { rows } = await sql<{ pools: { id: number; name: string }[]; groups: string[] }>`select
    (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name)), '[]') from pools
      where id = any(${grants.flatMap(({ pool }) => pool ?? [])}::bigint[])) as pools,
    array(select name from groups join group_members on group_id = groups.id where user_id = ${id} order by name)
      as groups`.execute(db);
  const { pools = [], groups = [] } = rows[0] ?? {};
  const names = new Map(pools.map((pool) => [pool.id, pool.name]));
  return {
    username,
    administrator,
    read_only: readOnly,
    grants: grants.map(({ role, pool }) => ({ role, pool: pool === null ? null : (names.get(pool) ?? null) })),
    groups,
    audits: mayAudit(caller),
  };
}
