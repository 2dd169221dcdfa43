import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { type By, lockNetworks } from "../networks/change.ts";
import { ofMachine } from "../networks/lease-rows.ts";

/**
 * Gives a name these addresses and no others. What nobody has so far is set aside for the user who names it, so that
 * nothing else is given an address that already stands for something; it stays so until it is released.
 */
export async function setAddresses(
  tx: Transaction,
  id: number,
  addresses: readonly string[],
  { actor, now }: By,
): Promise<void> {
  await tx.deleteFrom("dns_resource_addresses").where("resource_id", "=", id).execute();
  if (addresses.length === 0) return;
  await lockNetworks(tx);
  await sql`insert into dns_resource_addresses (resource_id, address)
    select ${id}, address from unnest(${addresses}::inet[]) as address on conflict do nothing`.execute(tx);
  await sql`insert into ip_addresses (address, subnet_id, kind, user_id, created_at, updated_at)
    select named.address, (select s.id from subnets s where s.cidr >>= named.address order by masklen(s.cidr) desc limit 1),
      'user', u.id, ${now}, ${now}
    from (select distinct address from unnest(${addresses}::inet[]) as given (address)) as named
      join users u on u.username = ${actor}
    where not exists (select from leases l where l.address = named.address and l.state <> 'declined'
        and (l.expires_at > ${now} or ${ofMachine("l.mac")}))
      and not exists (select from reserved_ips kept where kept.address = named.address)
      and not exists (select from racks r, jsonb_to_recordset(r.interfaces) as i (addresses jsonb),
        jsonb_array_elements_text(i.addresses) as a (cidr) where host(a.cidr::inet)::inet = named.address)
    on conflict do nothing`.execute(tx);
}
