import type { Generated, GeneratedAlways } from "kysely";
import type { Identity, InstantOrNow, Instant, JsonOrDefault } from "./columns.ts";

export type InterfaceType = "physical" | "bond" | "bridge" | "vlan";
export type LinkMode = "auto" | "dhcp" | "static" | "link_up";
/** Options of a bond or bridge and `accept_ra`, by MAAS's names. */
export type InterfaceParams = Record<string, string | number | boolean>;

/** A network interface of a machine or of a device. `mac` is null where it goes by the address of a parent. */
export interface InterfacesTable {
  id: Identity;
  machine_id: string | null;
  device_id: string | null;
  name: string;
  mac: string | null;
  mac_from_id: number | null;
  details: JsonOrDefault<Record<string, unknown>>;
  type: Generated<InterfaceType>;
  vlan_id: number | null;
  enabled: Generated<boolean>;
  mtu: number | null;
  tags: Generated<string[]>;
  params: JsonOrDefault<InterfaceParams>;
  configured: Generated<boolean>;
  acquired: Generated<boolean>;
  vendor: string | null;
  product: string | null;
  firmware_version: string | null;
  link_connected: Generated<boolean>;
  interface_speed: Generated<number>;
  link_speed: Generated<number>;
  numa_node: number | null;
  sriov_max_vf: Generated<number>;
  seen: Generated<string[]>;
  shown: GeneratedAlways<string>;
}

export interface InterfaceParentsTable {
  interface_id: number;
  parent_id: number;
}

export interface InterfaceLinksTable {
  id: Identity;
  interface_id: number;
  mode: LinkMode;
  subnet_id: number | null;
  ip_address_id: number | null;
  default_gateway: Generated<boolean>;
}

export interface DevicesTable {
  id: string;
  hostname: string;
  description: Generated<string>;
  domain_id: Generated<number>;
  zone_id: Generated<number>;
  owner_id: number | null;
  parent_id: string | null;
  address_ttl: number | null;
  swap_size: number | null;
  owner_data: JsonOrDefault<Record<string, string>>;
  created_at: InstantOrNow;
}

export interface DiscoveryClearingsTable {
  mac: string | null;
  address: string | null;
  cleared_at: Instant;
}
