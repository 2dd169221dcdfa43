import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type Caller, visibleMachines } from "../users/access.ts";

/** The name of a machine or device with an address it has. */
export type Named = { fqdn: string; address: string; address_ttl: number | null };

/**
 * Names that follow from machines and devices, with the addresses that are set on their interfaces or leased to them, in
 * order: of those the caller may know of.
 */
export async function implicitNames(
  db: Kysely<Tables>,
  caller: Caller,
  { fqdn, domain_id, name }: { fqdn?: string | undefined; domain_id?: number | undefined; name?: string | undefined },
  now: Date,
): Promise<Named[]> {
  const { rows } = await sql<Named>`
    with nodes as (
      select id, hostname, domain_id, address_ttl from machines where ${visibleMachines(caller)}
      union all select id, hostname, domain_id, address_ttl from devices
        where parent_id is null or exists (select from machines where id = parent_id and ${visibleMachines(caller)})
    )
    select distinct n.hostname || '.' || d.name as fqdn, host(a.address) as address, n.address_ttl
    from nodes n join domains d on d.id = n.domain_id
      join interfaces i on i.machine_id = n.id or i.device_id = n.id
      cross join lateral (
        select address from interface_links l join ip_addresses p on p.id = l.ip_address_id where l.interface_id = i.id
        union select address from leases where mac = i.mac and state = 'leased' and expires_at > ${now}
      ) as a
    where (${domain_id ?? null}::bigint is null or n.domain_id = ${domain_id ?? null}::bigint)
      and (${name ?? null}::text is null or n.hostname = ${name ?? null}::text)
      and (${fqdn ?? null}::text is null or n.hostname || '.' || d.name = ${fqdn ?? null}::text)
    order by 1, 2 limit 100000`.execute(db);
  return rows;
}
