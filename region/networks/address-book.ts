import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { ofMachine } from "./lease-rows.ts";

/** An address somebody has, and who. */
export type Holding = {
  address: string;
  /** user, static, auto: as in `ip_addresses`; dhcp: leased; rack: on an interface of a rack. */
  kind: "user" | "static" | "auto" | "dhcp" | "rack";
  subnet_id: number | null;
  created_at: Date;
  updated_at: Date;
  /** User who set it aside. */
  owner: string | null;
  mac: string | null;
  interface_id: number | null;
  /** Whose interface it is; null where nobody is known, or the caller may not know. */
  node: Holder | null;
  names: { id: number; name: string; domain: string }[];
};
export type Holder = {
  system_id: string;
  kind: "machine" | "device" | "rack";
  hostname: string;
  fqdn: string;
  is_container: boolean;
  via: string;
};

export type HoldingFilter = { subnetId?: number; address?: string | undefined };

/**
 * Addresses that are set aside, configured on interfaces, leased or a rack's, in the order of addresses: three queries,
 * however many there are. Leases count while they run, and for good where they are a machine's.
 */
export async function listHoldings(
  db: Kysely<Tables>,
  caller: Caller,
  now: Date,
  { subnetId, address }: HoldingFilter,
): Promise<Holding[]> {
  const subnet = subnetId ?? null;
  const only = address ?? null;
  const { rows } = await sql<Omit<Holding, "names" | "node"> & { holder: Holder | null }>`
    with held as (
      select a.address, a.kind, a.subnet_id, a.created_at, a.updated_at, a.user_id, a.mac,
        coalesce(k.interface_id, i.id) as interface_id
      from ip_addresses a left join interface_links k on k.ip_address_id = a.id
        left join interfaces i on i.mac = a.mac and k.id is null
      where ${subnet}::bigint is null or a.subnet_id = ${subnet}::bigint
      union all
      select l.address, 'dhcp', l.subnet_id, l.updated_at, l.updated_at, null, l.mac, i.id
      from leases l left join interfaces i on i.mac = l.mac
      where (${subnet}::bigint is null or l.subnet_id = ${subnet}::bigint) and l.state <> 'declined'
        and (l.expires_at > ${now} or ${ofMachine("l.mac")})
        and not exists (select from ip_addresses a where a.address = l.address)
    )
    select host(h.address) as address, h.kind, h.subnet_id, h.created_at, h.updated_at, u.username as owner, h.mac,
      case when machines.id is not null or d.id is not null then h.interface_id end as interface_id,
      case
        when machines.id is not null then jsonb_build_object('system_id', machines.id, 'kind', 'machine',
          'hostname', machines.hostname, 'fqdn', machines.hostname || '.' || md.name, 'is_container', false, 'via', i.name)
        when d.id is not null then jsonb_build_object('system_id', d.id, 'kind', 'device', 'hostname', d.hostname,
          'fqdn', d.hostname || '.' || dd.name, 'is_container', d.parent_id is not null, 'via', i.name)
      end as holder
    from held h left join users u on u.id = h.user_id left join interfaces i on i.id = h.interface_id
      left join machines on machines.id = i.machine_id and ${visibleMachines(caller)}
      left join domains md on md.id = machines.domain_id
      left join devices d on d.id = i.device_id left join domains dd on dd.id = d.domain_id
    where ${only}::inet is null or h.address = ${only}::inet
    order by h.address`.execute(db);
  const racks = await rackHoldings(
    db,
    sql`where (${subnet}::bigint is null or s.id = ${subnet}::bigint)
    and (${only}::inet is null or a.address = ${only}::inet)`,
  );
  const names = await namesOf(
    db,
    [...rows, ...racks].map((row) => row.address),
  );
  const known = new Set(rows.map((row) => row.address));
  return [...rows, ...racks.filter((row) => !known.has(row.address))].map(({ holder, ...row }) => ({
    ...row,
    node: holder,
    names: names.get(row.address) ?? [],
  }));
}

async function rackHoldings(db: Kysely<Tables>, where: RawBuilder<unknown>) {
  const { rows } = await sql<Omit<Holding, "names" | "node"> & { holder: Holder | null }>`
    select host(a.address) as address, 'rack' as kind, s.id as subnet_id, r.created_at, r.created_at as updated_at,
      null as owner, a.mac, null as interface_id,
      jsonb_build_object('system_id', r.system_id, 'kind', 'rack', 'hostname', r.name, 'fqdn', r.name || '.' || d.name,
        'is_container', false, 'via', a.via) as holder
    from racks r cross join lateral (
      select host(cidr::inet)::inet as address, i.mac, i.name as via
      from jsonb_to_recordset(r.interfaces) as i(name text, mac text, addresses jsonb),
        jsonb_array_elements_text(i.addresses) as cidr
    ) a join subnets s on s.cidr >>= a.address cross join (select name from domains where preferred) d
    ${where} order by a.address`.execute(db);
  return rows;
}

async function namesOf(db: Kysely<Tables>, addresses: readonly string[]): Promise<Map<string, Holding["names"]>> {
  const { rows } = await sql<{ address: string; names: Holding["names"] }>`
    select host(a.address) as address,
      jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name, 'domain', d.name) order by r.id) as names
    from dns_resource_addresses a join dns_resources r on r.id = a.resource_id join domains d on d.id = r.domain_id
    where a.address = any(${[...addresses]}::inet[]) group by a.address`.execute(db);
  return new Map(rows.map(({ address, names }) => [address, names]));
}
