import type { lease } from "@rackwright/contract";
import { sql } from "kysely";
import type { z } from "zod";
import type { Database } from "../database/pool.ts";
import { type Caller, seesEverything, visibleMachines } from "../users/access.ts";

export type Lease = z.infer<typeof lease>;
export type LeaseFilter = {
  subnet_id?: number | undefined;
  mac?: string | undefined;
  /** Without those of machines this user may not know of. */
  viewer?: Caller | undefined;
};

/** Leases that run, in order of subnet and address, after the one `cursor` names (`<subnet>,<address>`). */
export async function listLeases(
  db: Database,
  filter: LeaseFilter,
  now: Date,
  cursor: string | undefined,
  limit: number,
) {
  const [subnet = "0", address = "0.0.0.0"] = (cursor ?? "").split(",").filter((part) => part !== "");
  const { subnet_id = null, mac = null, viewer } = filter;
  const known = sql`exists (select from interfaces as card join machines on machines.id = card.machine_id
    where card.mac = leases.mac and ${viewer === undefined ? sql`true` : visibleMachines(viewer)} is not true)`;
  const { rows } = await sql<Omit<Lease, "expires_at"> & { expires_at: Date }>`
    select subnet_id, host(address) as address, mac, hostname, expires_at from leases
    where state = 'leased' and expires_at > ${now} and (subnet_id, address) > (${Number(subnet)}::bigint, ${address}::inet)
      and (${subnet_id}::bigint is null or subnet_id = ${subnet_id}) and (${mac}::text is null or mac = ${mac})
      and ${viewer === undefined || seesEverything(viewer) ? sql`true` : sql`not ${known}`}
    order by subnet_id, address limit ${limit}`.execute(db);
  return rows.map((row): Lease => ({ ...row, expires_at: row.expires_at.toISOString() }));
}
