import type { Generated } from "kysely";
import type { Instant, InstantOrNow, Identity } from "./columns.ts";

export interface SubnetsTable {
  id: Identity;
  cidr: string;
  gateway: string | null;
  dns_servers: Generated<string[]>;
  ntp_servers: Generated<string[]>;
  mtu: number | null;
  dhcp: Generated<boolean>;
  created_at: InstantOrNow;
}

export interface IpRangesTable {
  id: Identity;
  subnet_id: number;
  kind: "dynamic" | "reserved";
  first: string;
  last: string;
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
