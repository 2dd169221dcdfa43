import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Tables } from "../database/tables.ts";

/** A VLAN as MAAS shows it. */
export type VlanView = {
  id: number;
  vid: number;
  name: string | null;
  fabric: string;
  fabric_id: number;
  mtu: number;
  dhcp_on: boolean;
  primary_rack: string | null;
  secondary_rack: string | null;
  external_dhcp: string | null;
  relay_vlan: VlanView | null;
  space: string;
  resource_uri: string;
};

/** A subnet as MAAS shows it. */
export type SubnetView = {
  id: number;
  name: string;
  description: string;
  vlan: VlanView;
  space: string;
  cidr: string;
  gateway_ip: string | null;
  dns_servers: string[];
  rdns_mode: number;
  active_discovery: boolean;
  allow_dns: boolean;
  allow_proxy: boolean;
  managed: boolean;
  disabled_boot_architectures: string[];
  resource_uri: string;
};

export type FabricView = {
  id: number;
  name: string;
  class_type: string | null;
  vlans: VlanView[];
  resource_uri: string;
};
export type SpaceView = {
  id: number;
  name: string;
  description: string;
  vlans: VlanView[];
  subnets: SubnetView[];
  resource_uri: string;
};

/** Every network there is, rendered once: whoever shows many interfaces or addresses points to the same objects. */
export type Networks = {
  /** @throws Error for an id that does not exist */
  vlan: (id: number) => VlanView;
  /** @throws Error for an id that does not exist */
  subnet: (id: number) => SubnetView;
  vlans: readonly VlanView[];
  subnets: readonly SubnetView[];
  fabrics: readonly FabricView[];
  /** With the one of VLANs without a space at the end, where there are such. */
  spaces: readonly SpaceView[];
};

const base = "/MAAS/api/2.0";
/** MAAS's name and number of the space that is none. */
export const noSpace = { id: -1, name: "undefined" } as const;

type VlanRow = Omit<VlanView, "fabric" | "relay_vlan" | "space" | "resource_uri"> & {
  relay_vlan_id: number | null;
  space_id: number | null;
};
type SubnetRow = Omit<SubnetView, "vlan" | "space" | "resource_uri"> & { vlan_id: number };

/** Reads and renders all fabrics, VLANs, spaces and subnets: four queries, however many there are. */
export async function loadNetworks(db: Kysely<Tables>): Promise<Networks> {
  const fabricRows = await db.selectFrom("fabrics").select(["id", "name", "class_type"]).orderBy("id").execute();
  const spaceRows = await db.selectFrom("spaces").select(["id", "name", "description"]).orderBy("id").execute();
  const vlanRows = await readVlans(db);
  const subnetRows = await readSubnets(db);
  const fabricNames = new Map(fabricRows.map(({ id, name }) => [id, name]));
  const spaceNames = new Map(spaceRows.map(({ id, name }) => [id, name]));
  const rows = new Map(vlanRows.map((row) => [row.id, row]));
  const nameOf = (space: number | null): string => (space === null ? undefined : spaceNames.get(space)) ?? noSpace.name;

  const render = (row: VlanRow, relayed: boolean): VlanView => {
    const { relay_vlan_id, space_id, ...fields } = row;
    const relay = relay_vlan_id === null || relayed ? undefined : rows.get(relay_vlan_id);
    return {
      ...fields,
      fabric: fabricNames.get(row.fabric_id) ?? "",
      // A VLAN that is relayed to shows no relay of its own: two that point to each other would have no end.
      relay_vlan: relay === undefined ? null : render(relay, true),
      space: nameOf(space_id),
      resource_uri: `${base}/vlans/${row.id}/`,
    };
  };
  const vlans = new Map(vlanRows.map((row) => [row.id, render(row, false)]));
  const vlan = (id: number): VlanView => found(vlans, id, "VLAN");
  const subnets = new Map(
    subnetRows.map(({ vlan_id, ...row }) => {
      const its = vlan(vlan_id);
      return [row.id, { ...row, vlan: its, space: its.space, resource_uri: `${base}/subnets/${row.id}/` }] as const;
    }),
  );
  const inSpace = (id: number | null) => {
    const ids = new Set(vlanRows.filter(({ space_id }) => space_id === id).map((row) => row.id));
    return {
      vlans: [...vlans.values()].filter((each) => ids.has(each.id)),
      subnets: [...subnets.values()].filter((each) => ids.has(each.vlan.id)),
    };
  };
  const spaces = spaceRows.map((row): SpaceView => ({
    ...row,
    ...inSpace(row.id),
    resource_uri: `${base}/spaces/${row.id}/`,
  }));
  if (vlanRows.some(({ space_id }) => space_id === null))
    spaces.push({ ...noSpace, description: "", ...inSpace(null), resource_uri: `${base}/spaces/${noSpace.name}/` });
  const ofFabric = Map.groupBy(vlans.values(), ({ fabric_id }) => fabric_id);
  return {
    vlan,
    subnet: (id) => found(subnets, id, "subnet"),
    vlans: [...vlans.values()],
    subnets: [...subnets.values()],
    fabrics: fabricRows.map((row) => ({
      ...row,
      vlans: ofFabric.get(row.id) ?? [],
      resource_uri: `${base}/fabrics/${row.id}/`,
    })),
    spaces,
  };
}

async function readVlans(db: Kysely<Tables>): Promise<VlanRow[]> {
  const { rows } = await sql<VlanRow>`
    select v.id, v.vid, case when v.vid = 0 then coalesce(v.name, 'untagged') else v.name end as name, v.fabric_id, v.mtu,
      exists (select from subnets s where s.vlan_id = v.id and s.dhcp) as dhcp_on,
      one.system_id as primary_rack, two.system_id as secondary_rack, host(v.external_dhcp) as external_dhcp,
      v.relay_vlan_id, v.space_id
    from vlans v left join racks one on one.id = v.primary_rack_id left join racks two on two.id = v.secondary_rack_id
    order by v.id`.execute(db);
  return rows;
}

async function readSubnets(db: Kysely<Tables>): Promise<SubnetRow[]> {
  const { rows } = await sql<SubnetRow>`
    select id, coalesce(name, cidr::text) as name, description, vlan_id, cidr::text as cidr, host(gateway) as gateway_ip,
      coalesce((select jsonb_agg(host(a) order by n) from unnest(dns_servers) with ordinality as d(a, n)), '[]') as dns_servers,
      rdns_mode, active_discovery, allow_dns, allow_proxy, managed, disabled_boot_architectures
    from subnets order by id`.execute(db);
  return rows;
}

function found<T>(all: ReadonlyMap<number, T>, id: number, what: string): T {
  const one = all.get(id);
  if (one === undefined) throw new Error(`there is no ${what} ${id}`);
  return one;
}
