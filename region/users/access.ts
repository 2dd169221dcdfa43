import { type RawBuilder, sql } from "kysely";
import { Denied } from "../errors.ts";

/** What somebody may be, beside administrator. */
export type Role = "operator" | "user" | "auditor";
/** A role for one pool, or for every pool (null). */
export type Grant = { role: Role; pool: number | null };

/** Whoever asks, as far as rights go. */
export type Caller = {
  id: number;
  username: string;
  /** May do everything everywhere. */
  administrator: boolean;
  /** Own grants and those of the groups; left out: none. */
  grants?: readonly Grant[];
  /** The key may read only. */
  readOnly?: boolean;
  /** The key is for machines of this pool only; then nobody is an administrator with it. */
  onlyPool?: number;
};

/** What rights look at of a machine. */
export type Owned = { pool_id: number; owner_id: number | null };

type Condition = RawBuilder<boolean>;

/** The grant of a new user: of free machines of every pool, those he takes are his. */
export const everywhere = (role: Role): readonly Grant[] => [{ role, pool: null }];

function has({ grants = [] }: Caller, roles: readonly Role[], pool: number): boolean {
  return grants.some((grant) => roles.includes(grant.role) && (grant.pool === null || grant.pool === pool));
}

/** Whether the caller may know of the machine: all of the pools he operates or audits, free ones where he is a user, and own ones. */
export function mayView(caller: Caller, { pool_id, owner_id }: Owned): boolean {
  if (caller.administrator || has(caller, ["operator", "auditor"], pool_id)) return true;
  if (owner_id === caller.id) return caller.onlyPool === undefined || caller.onlyPool === pool_id;
  return owner_id === null && has(caller, ["user"], pool_id);
}

/** Whether the caller may have the machine for himself: allocate it where it is free; deploy, switch, release his own. */
export function mayUse(caller: Caller, { pool_id, owner_id }: Owned): boolean {
  if (mayOperate(caller, { pool_id })) return true;
  return (owner_id === null || owner_id === caller.id) && has(caller, ["user"], pool_id);
}

/** Whether the caller may do everything with machines of the pool, whosever they are. */
export function mayOperate(caller: Caller, { pool_id }: Pick<Owned, "pool_id">): boolean {
  return caller.administrator || has(caller, ["operator"], pool_id);
}

/** Whether nothing is hidden from the caller: administrators, and auditors of every pool. */
export function seesEverything({ administrator, grants = [] }: Caller): boolean {
  return administrator || grants.some(({ role, pool }) => role === "auditor" && pool === null);
}

/** Whether the caller may read what users did, also where it is about no machine. */
export function mayAudit({ administrator, grants = [] }: Caller): boolean {
  return administrator || grants.some(({ role }) => role === "auditor");
}

/** Pools for which the caller has one of the roles: ids, or null for every pool. */
function poolsOf({ grants = [] }: Caller, roles: readonly Role[]): number[] | null {
  const pools = grants.filter(({ role }) => roles.includes(role)).map(({ pool }) => pool);
  return pools.includes(null) ? null : [...new Set(pools.filter((pool) => pool !== null))];
}

const inPools = (pools: number[] | null): Condition =>
  pools === null ? sql<boolean>`true` : sql<boolean>`machines.pool_id = any(${pools}::bigint[])`;

/** `mayView` as a condition on `machines`, for every list of machines and of what belongs to them. */
export function visibleMachines(caller: Caller): Condition {
  if (seesEverything(caller)) return sql<boolean>`true`;
  const own = caller.onlyPool === undefined ? sql<boolean>`true` : inPools([caller.onlyPool]);
  return sql<boolean>`(${inPools(poolsOf(caller, ["operator", "auditor"]))}
    or (machines.owner_id = ${caller.id} and ${own})
    or (machines.owner_id is null and ${inPools(poolsOf(caller, ["user"]))}))`;
}

/** `mayOperate` as a condition on `machines`. */
export function operableMachines(caller: Caller): Condition {
  return caller.administrator ? sql<boolean>`true` : inPools(poolsOf(caller, ["operator"]));
}

/** `mayUse` as a condition on `machines`. */
export function usableMachines(caller: Caller): Condition {
  if (caller.administrator) return sql<boolean>`true`;
  return sql<boolean>`(${inPools(poolsOf(caller, ["operator"]))}
    or ((machines.owner_id is null or machines.owner_id = ${caller.id}) and ${inPools(poolsOf(caller, ["user"]))}))`;
}

/** Pools the caller has any role for, as a condition on `pools`. */
export function visiblePools(caller: Caller): Condition {
  if (caller.administrator) return sql<boolean>`true`;
  const pools = poolsOf(caller, ["operator", "user", "auditor"]);
  return pools === null ? sql<boolean>`true` : sql<boolean>`pools.id = any(${pools}::bigint[])`;
}

/** @throws Denied unless the caller is an administrator */
export function requireAdministrator<C extends Caller>(caller: C): C {
  if (!caller.administrator)
    throw new Denied("Only an administrator may do this.", 403, { next: "Ask an administrator." });
  return caller;
}

/** @throws Denied unless the caller operates the machine's pool */
export function requireOperator(caller: Caller, machine: Owned & { hostname: string }, what: string): void {
  if (!mayOperate(caller, machine))
    throw new Denied(`Only an administrator, or an operator of its resource pool, may ${what} ${machine.hostname}.`);
}

/** @throws Denied unless the caller may have the machine for himself */
export function requireMayUse(caller: Caller, machine: Owned & { hostname: string }, what: string): void {
  if (!mayUse(caller, machine))
    throw new Denied(
      `Only its owner, or a user or operator of its resource pool, may ask ${machine.hostname} to ${what}.`,
    );
}

/** Refuses to change a user by a key that is for machines of one pool: it would be a way around its limit. @throws Denied */
export function requireWholeKey(caller: Caller): void {
  if (caller.onlyPool !== undefined)
    throw new Denied("An API key for one resource pool changes no user, key or session.", 403, {
      next: "Log in, or use a key without that limit.",
    });
}

/** Refuses changes with a key that may read only. @throws Denied */
export function refuseReadOnly(caller: Caller, method: string): void {
  if (caller.readOnly === true && !["GET", "HEAD", "OPTIONS"].includes(method))
    throw new Denied("This API key may read only.", 403, { next: "Make a key with scope 'all' for changes." });
}
