import { type ReservedIp, type reservedIpCreate, type reservedIpUpdate, reservedIp } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { notifyRacks } from "../racks/notify.ts";
import { type By, changeNetworks, given, missing, tellChange } from "./change.ts";
import { ofMachine } from "./lease-rows.ts";
import { spanFailures } from "./ranges.ts";
import { subnetOf } from "./subnet-of.ts";

const reserved = sql<ReservedIp>`select id, subnet_id, host(address) as address, mac, comment from reserved_ips`;

export const reservedIpList = declareList("reserved-ips", reservedIp, {
  order: ["id"],
  fields: { address: { address: true } },
});

/** One page of reserved IPs, filtered and sorted as asked for. @throws InputError */
export const pageOfReservedIps = (db: Kysely<Tables>, asked: Asked): Promise<Page<ReservedIp>> =>
  listPage(db, reservedIpList, reserved, asked);

/** Reserved IPs with an id above `after`, in order of id. */
export async function listReservedIps(db: Kysely<Tables>, after: number, limit: number): Promise<ReservedIp[]> {
  const { rows } = await sql<ReservedIp>`${reserved} where id > ${after} order by id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function getReservedIp(db: Kysely<Tables>, id: number): Promise<ReservedIp> {
  const [found] = await listReservedIps(db, id - 1, 1);
  if (found?.id !== id) throw missing("reserved_ips", id);
  return found;
}

/**
 * Keeps an address for a network card: from now on DHCP gives it this one, and nobody else this address.
 *
 * @throws InputError, StateConflict where somebody has the address, or the card has another one reserved there
 */
export async function createReservedIp(
  db: Database,
  wanted: z.output<typeof reservedIpCreate>,
  by: By,
): Promise<ReservedIp> {
  return changeNetworks(db, async (tx) => {
    const subnetId = wanted.subnet_id ?? (await subnetOf(tx, "address", wanted.address));
    await requireReservable(tx, { ...wanted, subnet_id: subnetId }, by.now);
    const { id } = await tx
      .insertInto("reserved_ips")
      .values({ subnet_id: subnetId, address: wanted.address, mac: wanted.mac, comment: wanted.comment })
      .returning("id")
      .executeTakeFirstOrThrow();
    await notifyRacks(tx);
    const after = await getReservedIp(tx, id);
    const words = `reserved ${after.address} for ${after.mac}`;
    await tellChange(tx, by, "reserved-ip.changed", { words, id, after });
    return after;
  });
}

/** Changes the comment: address and card are what it is. @throws NotFound */
export async function updateReservedIp(
  db: Database,
  id: number,
  change: z.output<typeof reservedIpUpdate>,
  by: By,
): Promise<ReservedIp> {
  return changeNetworks(db, async (tx) => {
    const before = await getReservedIp(tx, id);
    const fields = given(change);
    await tx
      .updateTable("reserved_ips")
      .set({ comment: fields.comment ?? before.comment })
      .where("id", "=", id)
      .execute();
    const after = await getReservedIp(tx, id);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of the reserved IP ${before.address}`;
    await tellChange(tx, by, "reserved-ip.changed", { words, id, before, after });
    return after;
  });
}

/** @throws NotFound */
export async function deleteReservedIp(db: Database, id: number, by: By): Promise<void> {
  await changeNetworks(db, async (tx) => {
    const before = await getReservedIp(tx, id);
    await tx.deleteFrom("reserved_ips").where("id", "=", id).execute();
    await notifyRacks(tx);
    const words = `gave up the reservation of ${before.address} for ${before.mac}`;
    await tellChange(tx, by, "reserved-ip.changed", { words, id, before });
  });
}

async function requireReservable(tx: Transaction, wanted: Omit<ReservedIp, "id" | "comment">, now: Date) {
  const { subnet_id, address, mac } = wanted;
  // Allocations of this subnet wait, and see the reservation.
  const subnet = await sql<{ cidr: string }>`
    select cidr::text as cidr from subnets where id = ${subnet_id} for no key update`.execute(tx);
  const cidr = subnet.rows[0]?.cidr;
  if (cidr === undefined)
    throw InputError.field("subnet_id", subnet_id, "must be the id of a subnet that exists; see /api/v1/subnets");
  const [failure] = spanFailures({ first: address, last: address }, cidr);
  if (failure !== undefined) throw InputError.field("address", address, failure.allowed);
  const { rows } = await sql<{ kind: "range" | "other"; what: string }>`
    select kind, what from (
      select 'range' as kind, 'the dynamic range ' || host(first) || '-' || host(last) as what from ip_ranges
        where subnet_id = ${subnet_id} and kind = 'dynamic' and ${address}::inet between first and last
      union all
      select 'other', host(address) || ' is reserved for ' || mac || ' already' from reserved_ips
        where address = ${address}::inet or subnet_id = ${subnet_id} and mac = ${mac}
      union all
      select 'other', ${address}::text || ' is the gateway of the subnet' from subnets
        where id = ${subnet_id} and gateway = ${address}::inet
      union all
      select 'other', ${address}::text || ' is the address of the rack ' || r.name from racks r,
        jsonb_to_recordset(r.interfaces) as i(addresses jsonb), jsonb_array_elements_text(i.addresses) as a(cidr)
        where host(a.cidr::inet)::inet = ${address}::inet
      union all
      select 'other', host(address) || ' is set aside' || coalesce(' for ' || mac, '') from ip_addresses
        where address = ${address}::inet and mac is distinct from ${mac}
      union all
      select 'other', host(address) || ' is leased to ' || mac from leases
        where subnet_id = ${subnet_id} and address = ${address}::inet and mac <> ${mac}
          and (expires_at > ${now} or ${ofMachine("leases.mac")})
    ) as hindrances limit 1`.execute(tx);
  const [hindrance] = rows;
  if (hindrance?.kind === "range")
    throw InputError.field("address", address, `must not lie in ${hindrance.what}: strangers get addresses of it`);
  if (hindrance !== undefined)
    throw new StateConflict(`${hindrance.what}.`, {
      next: "Choose another address: GET /api/v1/subnets/{id}/usage tells which are free.",
      failures: [{ field: "address", value: address, allowed: `cannot be reserved: ${hindrance.what}` }],
    });
}
