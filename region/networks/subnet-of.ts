import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";

/** The subnet that holds an address. @throws InputError naming the field where there is none */
export async function subnetOf(db: Kysely<Tables>, field: string, address: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from subnets where cidr >>= ${address}::inet order by masklen(cidr) desc limit 1`.execute(db);
  if (rows[0] === undefined)
    throw InputError.field(field, address, "must lie in a subnet that exists; see /api/v1/subnets");
  return rows[0].id;
}
