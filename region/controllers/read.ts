import type { Architecture, RackInterface } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { rackSilence } from "../racks/rows.ts";
import { regionSilence } from "./register.ts";

export type ControllerKind = "rack" | "region";

/** A rack or a region, as a host that takes part in the work. */
export type Controller = {
  kind: ControllerKind;
  id: number;
  system_id: string;
  hostname: string;
  description: string;
  zone_id: number;
  domain_id: number;
  version: string | null;
  architecture: Architecture | null;
  /** Whether it gave a sign of life lately. */
  alive: boolean;
  addresses: string[];
  macs: string[];
};

type Row = Omit<Controller, "kind" | "addresses" | "macs"> & { interfaces: RackInterface[]; addresses: string[] };

const queries = {
  rack: (now: Date) => sql<Row>`
    select id, system_id, name as hostname, description, zone_id, domain_id, version, null as architecture, interfaces,
      '{}'::text[] as addresses,
      coalesce(seen_at > ${new Date(now.getTime() - rackSilence * 1000)} and disconnected_at is null, false) as alive
    from racks order by id`,
  region: (now: Date) => sql<Row>`
    select id, system_id, hostname, description, zone_id, domain_id, version, architecture, '[]'::jsonb as interfaces,
      array(select host(address) from unnest(addresses) as address) as addresses,
      seen_at > ${new Date(now.getTime() - regionSilence * 1000)} as alive
    from regions order by id`,
} as const;

/** All racks or regions, in the order in which they came. */
export async function listControllers(db: Kysely<Tables>, kind: ControllerKind, now: Date): Promise<Controller[]> {
  const { rows } = await queries[kind](now).execute(db);
  return rows.map(({ interfaces, addresses, ...row }) => ({
    ...row,
    kind,
    addresses: [...addresses, ...interfaces.flatMap((one) => one.addresses.map((cidr) => cidr.split("/")[0] ?? cidr))],
    macs: interfaces.flatMap(({ mac }) => mac ?? []),
  }));
}
