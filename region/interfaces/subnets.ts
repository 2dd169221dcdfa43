import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";

/** What links need to know of a subnet. */
export type Subnet = {
  id: number;
  cidr: string;
  version: 4 | 6;
  prefix: number;
  vlan_id: number;
  gateway: string | null;
  dns_servers: string[];
  /** Our DHCP answers here. */
  dhcp: boolean;
};

/** Subnets by their ids, those that exist, with one query. */
export async function readSubnets(db: Kysely<Tables>, ids: readonly number[]): Promise<Map<number, Subnet>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<Subnet>`
    select id, cidr::text as cidr, family(cidr) as version, masklen(cidr) as prefix, vlan_id, host(gateway) as gateway,
      dhcp, coalesce((select jsonb_agg(host(a) order by n) from unnest(dns_servers) with ordinality as d(a, n)), '[]')
        as dns_servers
    from subnets where id = any(${[...new Set(ids)]}::bigint[])`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}
