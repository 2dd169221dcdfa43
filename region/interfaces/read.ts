import type { InterfaceParams, InterfaceType, LinkMode } from "../database/tables/interfaces.ts";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/tables.ts";

/** How an interface gets an address. `address` is the one it has, or is known to have by its lease. */
export type Link = {
  id: number;
  mode: LinkMode;
  subnet_id: number | null;
  address: string | null;
  default_gateway: boolean;
};

/** A network interface of a machine or a device with everything that hangs on it. */
export type Interface = {
  id: number;
  /** The machine or device. */
  node_id: string;
  machine_id: string | null;
  device_id: string | null;
  name: string;
  type: InterfaceType;
  /** The address it goes by: its own, or that of a parent. */
  mac: string | null;
  /** Its own address; null where it goes by a parent's. */
  own_mac: string | null;
  mac_from_id: number | null;
  vlan_id: number | null;
  enabled: boolean;
  mtu: number | null;
  tags: string[];
  params: InterfaceParams;
  configured: boolean;
  acquired: boolean;
  vendor: string | null;
  product: string | null;
  firmware_version: string | null;
  link_connected: boolean;
  interface_speed: number;
  link_speed: number;
  numa_node: number | null;
  sriov_max_vf: number;
  seen: string[];
  /** Interfaces it is made of, and those made of it, by id. */
  parents: number[];
  children: number[];
  links: Link[];
  /** Addresses it holds by a lease at this moment. */
  leases: { subnet_id: number; address: string }[];
};

/** What other rows tell of an interface. */
type Connections = Pick<Interface, "mac" | "parents" | "children" | "links" | "leases">;
/** `runs`: an installed system of its machine holds its addresses. */
type Row = Omit<Interface, keyof Connections> & { runs: boolean };
/** Rows by which interfaces hang together, in the order of their ids; leases in that of their addresses. */
export type ConnectionRows = {
  parents: readonly { interface_id: number; parent_id: number }[];
  links: readonly (Link & { interface_id: number })[];
  leases: readonly { mac: string; subnet_id: number; address: string }[];
};

/** Which interfaces: of these machines and devices, or by their own ids. */
export type Which = { nodes: readonly string[] } | { ids: readonly number[] };

/**
 * Interfaces by their node, in the order of their ids, with four queries however many there are.
 *
 * @param now at which leases count
 */
export async function loadInterfaces(db: Kysely<Tables>, which: Which, now: Date): Promise<Map<string, Interface[]>> {
  const rows = await interfaceRows(db, which);
  if (rows.length === 0) return new Map();
  const ids = rows.map(({ id }) => id);
  const macs = [...new Set(rows.flatMap(({ own_mac }) => own_mac ?? []))];
  const numbers = sql`${ids}::bigint[]`;
  const { rows: parents } = await parentsOf(numbers).execute(db);
  const { rows: links } = await linksOf(numbers).execute(db);
  const { rows: leases } = await leasesOf(sql`${macs}::text[]`, now).execute(db);
  const connected = connect(rows, { parents, links, leases });
  return Map.groupBy(connected, ({ node_id }) => node_id);
}

/** Puts interfaces together with what hangs on them. The rows must be all of their nodes. */
export function connect<R extends Pick<Row, "id" | "own_mac" | "mac_from_id" | "runs">>(
  rows: readonly R[],
  { parents, links, leases }: ConnectionRows,
): (R & Connections)[] {
  // Rows become what is returned: a fleet has very many, and copies of them are most of the work.
  const found = rows.map((row) =>
    Object.assign(row, {
      mac: row.own_mac,
      parents: [] as number[],
      children: [] as number[],
      links: [] as Link[],
      leases: [] as Interface["leases"],
    }),
  );
  const byId = new Map(found.map((one) => [one.id, one]));
  for (const { interface_id, parent_id } of parents) {
    byId.get(interface_id)?.parents.push(parent_id);
    byId.get(parent_id)?.children.push(interface_id);
  }
  for (const { interface_id, id, mode, subnet_id, address, default_gateway } of links)
    byId.get(interface_id)?.links.push({ id, mode, subnet_id, address, default_gateway });
  for (const one of found) one.mac = addressOf(one, byId);
  if (leases.length > 0) addLeases(found, leases);
  return found;
}

type Rooted = Pick<Interface, "own_mac" | "mac_from_id" | "parents">;

/** The address an interface goes by, through however many parents. */
function addressOf(one: Rooted, byId: ReadonlyMap<number, Rooted>, depth = 0): string | null {
  if (one.own_mac !== null || depth > 8) return one.own_mac;
  const from = one.mac_from_id ?? one.parents[0];
  const parent = from === undefined ? undefined : byId.get(from);
  return parent === undefined ? null : addressOf(parent, byId, depth + 1);
}

async function interfaceRows(db: Kysely<Tables>, which: Which): Promise<Row[]> {
  const wanted =
    "nodes" in which
      ? sql`i.machine_id = any(${which.nodes}::text[]) or i.device_id = any(${which.nodes}::text[])`
      : // Whole nodes: what an interface is called by may be its parent's.
        sql`i.machine_id in (select machine_id from interfaces where id = any(${which.ids}::bigint[]))
            or i.device_id in (select device_id from interfaces where id = any(${which.ids}::bigint[]))`;
  const { rows } = await sql<Row>`
    select i.id, coalesce(i.machine_id, i.device_id) as node_id, i.machine_id, i.device_id, i.name, i.type,
      i.mac as own_mac, i.mac_from_id, i.vlan_id, i.enabled, i.mtu, i.tags, i.params, i.configured, i.acquired,
      i.vendor, i.product, i.firmware_version, i.link_connected, i.interface_speed, i.link_speed, i.numa_node,
      i.sriov_max_vf, i.seen,
      coalesce(m.installed or m.status = 'deploying', false) as runs
    from interfaces i left join machines m on m.id = i.machine_id
    where ${wanted} order by i.id`.execute(db);
  return rows;
}

/** By which interfaces hang together, of those whose numbers are in an SQL array. */
const parentsOf = (ids: RawBuilder<unknown>) => sql<ConnectionRows["parents"][number]>`
  select interface_id, parent_id from interface_parents where interface_id = any(${ids}) order by 1, 2`;

const linksOf = (ids: RawBuilder<unknown>) => sql<ConnectionRows["links"][number]>`
  select link.id, link.interface_id, link.mode, link.subnet_id, host(ip_addresses.address) as address, link.default_gateway
  from interface_links as link left join ip_addresses on ip_addresses.id = link.ip_address_id
  where link.interface_id = any(${ids}) order by link.id`;

/** Leases of the network cards whose addresses are in an SQL array. */
const leasesOf = (macs: RawBuilder<unknown>, now: Date) => sql<ConnectionRows["leases"][number]>`
  select mac, subnet_id, host(address) as address from leases
  where mac = any(${macs}) and state = 'leased' and expires_at > ${now} order by leases.address`;

/** Of a query that aggregates interfaces: by what `connectionColumns` finds what hangs on them. Cards have no parents. */
export const connectionKeys = sql.raw(
  "array_agg(id) as ids, array_agg(id) filter (where type <> 'physical') as made, array_agg(mac) as macs",
);

/**
 * Columns of a query that make `ConnectionRows` for `connect`, each as JSON, null for none.
 *
 * @param from what gives `connectionKeys` in the query
 * @param now at which leases count
 */
export function connectionColumns(from: string, now: Date): RawBuilder<unknown> {
  const key = (name: string) => sql.ref(`${from}.${name}`);
  const rows = { parents: parentsOf(key("made")), links: linksOf(key("ids")), leases: leasesOf(key("macs"), now) };
  return sql.join(
    Object.entries(rows).map(
      ([name, query]) => sql`(select json_agg(entry) from (${query}) as entry) as ${sql.ref(name)}`,
    ),
  );
}

/** Leases of the cards, and with them the addresses of links that have theirs from DHCP. */
function addLeases(
  interfaces: readonly (Pick<Interface, "mac" | "links" | "leases"> & { runs: boolean })[],
  rows: ConnectionRows["leases"],
): void {
  const byMac = Map.groupBy(rows, ({ mac }) => mac);
  for (const one of interfaces) {
    const leases = byMac.get(one.mac ?? "") ?? [];
    one.leases = leases.map(({ subnet_id, address }) => ({ subnet_id, address }));
    const taken = new Set<string>();
    for (const link of one.links) {
      if (link.address !== null || !(link.mode === "dhcp" || (link.mode === "auto" && one.runs))) continue;
      const lease = leases.find(
        ({ subnet_id, address }) => !taken.has(address) && (link.subnet_id === null || link.subnet_id === subnet_id),
      );
      if (lease === undefined) continue;
      taken.add(lease.address);
      link.address = lease.address;
      link.subnet_id ??= lease.subnet_id;
    }
  }
}
