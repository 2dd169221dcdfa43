import type { Generated } from "kysely";
import type { Identity, InstantOrNow } from "./columns.ts";

/** Record types that can be stored; addresses belong to the resource itself. */
export type RecordType = "CNAME" | "MX" | "NS" | "SRV" | "SSHFP" | "TXT";

export interface DomainsTable {
  id: Identity;
  name: string;
  authoritative: Generated<boolean>;
  ttl: number | null;
  forward_servers: Generated<string[]>;
  preferred: Generated<boolean>;
}

export interface DnsResourcesTable {
  id: Identity;
  domain_id: number;
  name: string;
  address_ttl: number | null;
  created_at: InstantOrNow;
}

export interface DnsResourceAddressesTable {
  resource_id: number;
  address: string;
}

export interface DnsRecordsTable {
  id: Identity;
  resource_id: number;
  type: RecordType;
  data: string;
  ttl: number | null;
}
