import { sql } from "kysely";
import type { z } from "zod";
import type { leaseReport } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { leaseSeconds } from "./lease-offer.ts";

export type LeaseReport = z.infer<typeof leaseReport>;

/**
 * Ends leases that clients gave back (RFC 2131 4.4.4) and parks addresses they found in use (4.3.3) for an hour. Only
 * the holder of an address can do either, so that a stranger cannot empty a range by declining what is not its own.
 */
export async function reportLeases(db: Database, reports: readonly LeaseReport[], now: Date): Promise<void> {
  const parked = new Date(now.getTime() + leaseSeconds.declined * 1000);
  await sql`
    with locked as (
      select l.subnet_id, l.address, bool_or(r.action = 'decline') as declined
      from (select * from leases l where l.state <> 'declined' and (l.subnet_id, l.address) in
             (select a, b from unnest(${reports.map((r) => r.subnet_id)}::bigint[],
                                      ${reports.map((r) => r.address)}::inet[]) as k(a, b))
            order by l.subnet_id, l.address for update) l
      join unnest(${reports.map((r) => r.action)}::text[], ${reports.map((r) => r.subnet_id)}::bigint[],
                  ${reports.map((r) => r.mac)}::text[], ${reports.map((r) => r.address)}::inet[])
           as r(action, subnet_id, mac, address)
        on l.subnet_id = r.subnet_id and l.address = r.address and l.mac = r.mac
      group by l.subnet_id, l.address
    )
    update leases l set updated_at = ${now},
      state = case when locked.declined then 'declined' else l.state end,
      expires_at = case when locked.declined then ${parked}::timestamptz else least(l.expires_at, ${now}) end
    from locked where l.subnet_id = locked.subnet_id and l.address = locked.address`.execute(db);
}
