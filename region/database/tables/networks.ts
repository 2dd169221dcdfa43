import type { Generated } from "kysely";
import type { Instant, InstantOrNow, Identity } from "./columns.ts";

export interface FabricsTable {
  id: Identity;
  name: string;
  description: Generated<string>;
  class_type: string | null;
}

export interface SpacesTable {
  id: Identity;
  name: string;
  description: Generated<string>;
}

export interface VlansTable {
  id: Identity;
  fabric_id: number;
  vid: number;
  name: string | null;
  description: Generated<string>;
  mtu: Generated<number>;
  space_id: number | null;
  primary_rack_id: number | null;
  secondary_rack_id: number | null;
  relay_vlan_id: number | null;
  external_dhcp: string | null;
}

export interface SubnetsTable {
  id: Identity;
  cidr: string;
  /** Null: named by its network. */
  name: string | null;
  description: Generated<string>;
  vlan_id: Generated<number>;
  gateway: string | null;
  dns_servers: Generated<string[]>;
  ntp_servers: Generated<string[]>;
  mtu: number | null;
  dhcp: Generated<boolean>;
  rdns_mode: Generated<number>;
  active_discovery: Generated<boolean>;
  allow_dns: Generated<boolean>;
  allow_proxy: Generated<boolean>;
  managed: Generated<boolean>;
  disabled_boot_architectures: Generated<string[]>;
  created_at: InstantOrNow;
}

export interface IpRangesTable {
  id: Identity;
  subnet_id: number;
  kind: "dynamic" | "reserved";
  first: string;
  last: string;
  comment: Generated<string>;
  user_id: number | null;
}

export interface StaticRoutesTable {
  id: Identity;
  source_id: number;
  destination_id: number;
  gateway: string;
  metric: Generated<number>;
}

export interface ReservedIpsTable {
  id: Identity;
  subnet_id: number;
  address: string;
  mac: string;
  comment: Generated<string>;
}

export interface IpAddressesTable {
  id: Identity;
  address: string;
  subnet_id: number | null;
  kind: "user" | "static" | "auto";
  user_id: number | null;
  mac: string | null;
  hostname: string | null;
  created_at: InstantOrNow;
  updated_at: InstantOrNow;
}

export interface LeasesTable {
  subnet_id: number;
  address: string;
  mac: string;
  hostname: string | null;
  state: "offered" | "leased" | "declined";
  expires_at: Instant;
  updated_at: InstantOrNow;
}
