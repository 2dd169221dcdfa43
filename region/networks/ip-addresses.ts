import { type IpAddressRow, type ipAddressCreate, type ipAddressUpdate, ipAddressRow } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { Denied, InputError, StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import { type Page, showPage } from "../page.ts";
import { pickAddress, requireUsableAddress } from "../interfaces/pick-address.ts";
import { type Caller, seesEverything } from "../users/access.ts";
import { type ByCaller, changeNetworks, given, missing, requireTaker, tellChange } from "./change.ts";
import { subnetOf } from "./subnet-of.ts";

export type IpAddressFilter = {
  /** Only this address. */
  address?: string | undefined;
  /** Only those of the user of this name. */
  owner?: string | undefined;
  id?: number | undefined;
};
/** An address with whose it is. */
export type OwnedAddress = IpAddressRow & { owner_id: number | null };
type Row = Omit<OwnedAddress, "created_at"> & { created_at: Date };

const addressesWhere = (condition: RawBuilder<boolean>) => sql<Row>`
    select a.id, host(a.address) as address, a.subnet_id, a.kind, u.username as owner, a.user_id as owner_id, a.mac,
      a.hostname, a.created_at
    from ip_addresses a left join users u on u.id = a.user_id where ${condition}`;
const shown = (row: Row): OwnedAddress => ({ ...row, created_at: row.created_at.toISOString() });

/** Those the caller may see, own ones or all of them, and that are wanted. */
const wanted = (caller: Caller, { address, owner, id }: IpAddressFilter) => sql<boolean>`
  (${seesEverything(caller)} or a.user_id = ${caller.id})
      and (${address ?? null}::inet is null or a.address = ${address ?? null}::inet)
      and (${owner ?? null}::text is null or u.username = ${owner ?? null}::text)
      and (${id ?? null}::bigint is null or a.id = ${id ?? null}::bigint)`;

export const ipAddressList = declareList("ip-addresses", ipAddressRow, {
  order: ["id"],
  fields: { address: { address: true }, owner: { cased: true } },
});

/** One page of addresses that the caller may see, filtered and sorted as asked for. @throws InputError */
export async function pageOfIpAddresses(
  db: Kysely<Tables>,
  caller: Caller,
  asked: Asked,
  filter: IpAddressFilter = {},
): Promise<Page<OwnedAddress>> {
  return showPage(await listPage(db, ipAddressList, addressesWhere(wanted(caller, filter)), asked), shown);
}

/** Addresses with an id above `after` that the caller may see, in order of id: own ones, or all of them. */
export async function listIpAddresses(
  db: Kysely<Tables>,
  caller: Caller,
  after: number,
  limit: number,
  filter: IpAddressFilter = {},
): Promise<OwnedAddress[]> {
  const found = addressesWhere(sql<boolean>`a.id > ${after} and ${wanted(caller, filter)}`);
  const { rows } = await sql<Row>`${found} order by a.id limit ${limit}`.execute(db);
  return rows.map(shown);
}

/** @throws NotFound, also for one that is somebody else's */
export async function getIpAddress(db: Kysely<Tables>, id: number, caller: Caller): Promise<OwnedAddress> {
  const [row] = await listIpAddresses(db, caller, 0, 1, { id });
  if (row === undefined) throw missing("ip_addresses", id);
  return row;
}

/**
 * Sets an address aside for a user: nothing else is given it. Without an address a free one of the subnet is picked.
 *
 * @throws InputError, StateConflict for one that is taken, OutsideDown when no address is left
 */
export async function reserveIpAddress(
  db: Database,
  wanted: z.output<typeof ipAddressCreate>,
  { caller, now }: ByCaller,
): Promise<OwnedAddress> {
  requireTaker(caller);
  return changeNetworks(db, async (tx) => {
    const { subnetId, address } = await choose(tx, wanted, now);
    const { mac, hostname } = wanted;
    const { id } = await tx
      .insertInto("ip_addresses")
      .values({ address, subnet_id: subnetId, kind: "user", user_id: caller.id, mac, hostname, created_at: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    const [row] = (await addressesWhere(sql<boolean>`a.id = ${id}`).execute(tx)).rows;
    if (row === undefined) throw new Error("the address that was set aside is gone");
    const after = shown(row);
    const words = `set aside the address ${address}`;
    await tellChange(tx, { actor: caller.username, now }, "ip-address.changed", { words, id, after });
    return after;
  });
}

async function choose(tx: Transaction, { address, subnet_id }: z.output<typeof ipAddressCreate>, now: Date) {
  if (address !== undefined) {
    const subnetId = subnet_id ?? (await subnetOf(tx, "address", address));
    return { subnetId, address: await requireUsableAddress(tx, subnetId, address, now) };
  }
  if (subnet_id === undefined)
    throw InputError.field("subnet_id", undefined, "must be given, or an address: one of them says where it shall be");
  return { subnetId: subnet_id, address: await pickAddress(tx, subnet_id, now) };
}

/** Changes what an address that was set aside is for. @throws NotFound, Denied, StateConflict */
export async function updateIpAddress(
  db: Database,
  id: number,
  change: z.output<typeof ipAddressUpdate>,
  { caller, now }: ByCaller,
): Promise<OwnedAddress> {
  return changeNetworks(db, async (tx) => {
    const before = await getIpAddress(tx, id, caller);
    requireOwn(before, caller);
    const fields = given(change);
    const { mac, hostname } = { ...before, ...fields };
    await tx.updateTable("ip_addresses").set({ mac, hostname, updated_at: now }).where("id", "=", id).execute();
    const after = await getIpAddress(tx, id, caller);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of the address ${before.address}`;
    await tellChange(tx, { actor: caller.username, now }, "ip-address.changed", { words, id, before, after });
    return after;
  });
}

/** Gives an address that was set aside free again. @throws NotFound, Denied, StateConflict for one of an interface */
export async function releaseIpAddress(db: Database, id: number, { caller, now }: ByCaller): Promise<void> {
  await changeNetworks(db, async (tx) => {
    const before = await getIpAddress(tx, id, caller);
    requireOwn(before, caller);
    await tx.deleteFrom("ip_addresses").where("id", "=", id).execute();
    const words = `released the address ${before.address}`;
    await tellChange(tx, { actor: caller.username, now }, "ip-address.changed", { words, id, before });
  });
}

/** What is somebody else's and still seen is so by an auditor, who changes nothing. */
function requireOwn({ address, kind, owner_id }: OwnedAddress, caller: Caller): void {
  if (kind !== "user")
    throw new StateConflict(`The address ${address} belongs to an interface.`, {
      next: "Take the link off the interface instead.",
    });
  if (!caller.administrator && owner_id !== caller.id)
    throw new Denied(`The address ${address} is another user's.`, 403, { next: "Ask an administrator." });
}
