import type { Transaction } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import { type Caller, mayOperate } from "./access.ts";

/**
 * For putting a machine into a pool. A pool that does not exist, or none, is left to whoever sets it.
 *
 * @throws Denied unless the caller operates the pool
 */
export async function requireOperatorOf(tx: Transaction, caller: Caller, pool: string | undefined): Promise<void> {
  if (caller.administrator || pool === undefined) return;
  const found = await tx.selectFrom("pools").select("id").where("name", "=", pool).executeTakeFirst();
  if (found !== undefined && mayOperate(caller, { pool_id: found.id })) return;
  throw new Denied(`Only an administrator, or an operator of the resource pool ${pool}, may put machines into it.`);
}
