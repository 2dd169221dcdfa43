import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { Caller, Grant, Role } from "./access.ts";

/** A role of a user or of a group, as the database has it. */
export type GrantRow = { role: Role | "administrator"; pool: number | null };

/** Every grant of a user and of the user's groups, as a column of a query over `users`. */
export const grantsColumn = sql<GrantRow[]>`(
  select coalesce(jsonb_agg(distinct jsonb_build_object('role', role, 'pool', pool_id)), '[]') from grants
  where grants.user_id = users.id
    or grants.group_id in (select group_id from group_members where group_members.user_id = users.id))`;

/**
 * Whether a row of `users` may come in: with a password here, or vouched for by a provider that is there and enabled. Part
 * of every look at what lets somebody in, so that a provider that is disabled or deleted locks its users out at once.
 */
export const vouchedFor = sql<boolean>`(users.is_local or exists (
  select from identities where identities.user_id = users.id and (
    exists (select from oidc_providers p where p.enabled and identities.provider = 'oidc:' || p.name)
    or exists (select from ldap_servers s where s.enabled and identities.provider = 'ldap:' || s.name))))`;

export type UserRow = { id: number; username: string; administrator: boolean; grants: readonly GrantRow[] };

/** The limits of an API key. */
export type Limits = { scope: "all" | "read"; pool_id: number | null };

/** Who asks, from the user's row: grants of groups count, and a key's limits. */
export function toCaller({ id, username, administrator, grants }: UserRow, limits?: Limits): Caller {
  const all = administrator || grants.some(({ role }) => role === "administrator");
  const roles = grants.flatMap(({ role, pool }): Grant[] => (role === "administrator" ? [] : [{ role, pool }]));
  const readOnly = limits?.scope === "read" ? { readOnly: true } : {};
  const pool = limits?.pool_id ?? null;
  if (pool === null) return { id, username, administrator: all, grants: roles, ...readOnly };
  // With a key for one pool an administrator is an operator there.
  const there = roles.filter((grant) => grant.pool === null || grant.pool === pool);
  const within: Grant[] = [
    ...(all ? [{ role: "operator" as const, pool }] : []),
    ...there.map(({ role }) => ({ role, pool })),
  ];
  return { id, username, administrator: false, grants: within, onlyPool: pool, ...readOnly };
}

/** Who a user is now; null when there is no such user any more, or nobody vouches for him any more. */
export async function readCaller(db: Kysely<Tables>, userId: number): Promise<Caller | null> {
  const row = await db
    .selectFrom("users")
    .select(["id", "username", "administrator", grantsColumn.as("grants")])
    .where("id", "=", userId)
    .where(vouchedFor)
    .executeTakeFirst();
  return row ? toCaller(row) : null;
}
