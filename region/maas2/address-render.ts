import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { holds, parseIp, parseNetwork } from "../networks/ip.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { allocationTypes } from "./allocation-types.ts";
import { localTime } from "./common.ts";
import { renderNetworking } from "./interface-render.ts";
import { type SubnetView, loadNetworks } from "./network-render.ts";
import { renderUser } from "./users.ts";

type Known = {
  address: string;
  kind: "auto" | "static" | "user" | "dhcp";
  created_at: Date;
  username: string | null;
  email: string;
  administrator: boolean;
  is_local: boolean;
  node_id: string | null;
  interface_id: number | null;
};

/**
 * Addresses as MAAS's API shows them, with what is known of each: whose it is, and which interface has it. One that
 * nobody has is shown as set aside, since something points to it. A fixed number of queries.
 */
export async function renderAddresses(
  db: Kysely<Tables>,
  addresses: readonly string[],
  { caller, now, since }: { caller: Caller; now: Date; since: Date },
): Promise<Map<string, object>> {
  if (addresses.length === 0) return new Map();
  const { rows } = await sql<Known>`
    select distinct on (a.address) host(a.address) as address, a.kind, a.created_at, u.username, u.email,
      u.administrator, u.is_local, coalesce(machines.id, i.device_id) as node_id, i.id as interface_id
    from (
      select address, kind, created_at, user_id, id, null::text as mac, 1 as rank from ip_addresses
      union all
      select address, 'dhcp', updated_at, null, null, mac, 2 from leases where state = 'leased' and expires_at > ${now}
    ) as a
      left join interface_links l on l.ip_address_id = a.id
      left join interfaces i on i.id = l.interface_id or i.mac = a.mac
      left join machines on machines.id = i.machine_id and ${visibleMachines(caller)}
      left join users u on u.id = a.user_id
    where a.address = any(${[...addresses]}::inet[])
    order by a.address, a.rank, i.id`.execute(db);
  const known = new Map(rows.map((row) => [row.address, row]));
  const nodes = [...new Set(rows.flatMap(({ node_id }) => node_id ?? []))];
  const networks = await loadNetworks(db);
  const rendered = await renderNetworking(db, nodes, { now, networks });
  const blocks = networks.subnets.map((subnet) => ({ subnet, network: parseNetwork(subnet.cidr) }));
  const subnetOf = (address: string): SubnetView | null => {
    const ip = parseIp(address);
    return (
      blocks.find(({ network }) => ip !== undefined && network !== undefined && holds(network, ip))?.subnet ?? null
    );
  };
  return new Map(
    addresses.map((address) => {
      const row = known.get(address);
      const set = row?.node_id == null ? [] : (rendered.get(row.node_id)?.interface_set ?? []);
      return [
        address,
        {
          alloc_type: allocationTypes[row?.kind ?? "user"].number,
          alloc_type_name: allocationTypes[row?.kind ?? "user"].name,
          ip: address,
          created: localTime(row?.created_at ?? since),
          owner: row?.username == null ? null : renderUser({ ...row, username: row.username }),
          subnet: subnetOf(address),
          interface_set: set.filter(({ id }) => id === row?.interface_id),
          resource_uri: "/MAAS/api/2.0/ipaddresses/",
        },
      ];
    }),
  );
}
