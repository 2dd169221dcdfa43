import { lease } from "@rackwright/contract";
import { sql } from "kysely";
import type { z } from "zod";
import type { Database } from "../database/pool.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { type Caller, seesEverything, visibleMachines } from "../users/access.ts";

export type Lease = z.infer<typeof lease>;
export type LeaseFilter = {
  subnet_id?: number | undefined;
  mac?: string | undefined;
  /** Without those of machines this user may not know of. */
  viewer?: Caller | undefined;
};
type Row = Omit<Lease, "expires_at"> & { expires_at: Date };

export const leaseList = declareList("leases", lease, {
  order: ["subnet_id", { expression: sql`listed.place`, type: "inet" }],
  separator: ",",
  fields: { address: { address: true }, expires_at: { kind: { kind: "time" } } },
});

/** One page of leases that run, filtered and sorted as asked for; else in order of subnet and address. @throws InputError */
export async function pageOfLeases(db: Database, filter: LeaseFilter, now: Date, asked: Asked): Promise<Page<Lease>> {
  const { subnet_id = null, mac = null, viewer } = filter;
  const known = sql`exists (select from interfaces as card join machines on machines.id = card.machine_id
    where card.mac = leases.mac and ${viewer === undefined ? sql`true` : visibleMachines(viewer)} is not true)`;
  const rows = sql<Row>`
    select subnet_id, host(address) as address, mac, hostname, expires_at, address as place from leases
    where state = 'leased' and expires_at > ${now}
      and (${subnet_id}::bigint is null or subnet_id = ${subnet_id}) and (${mac}::text is null or mac = ${mac})
      and ${viewer === undefined || seesEverything(viewer) ? sql`true` : sql`not ${known}`}`;
  const page = await listPage(db, leaseList, rows, asked);
  return showPage(page, ({ subnet_id: subnet, address, mac: card, hostname, expires_at }) => ({
    subnet_id: subnet,
    address,
    mac: card,
    hostname,
    expires_at: expires_at.toISOString(),
  }));
}
