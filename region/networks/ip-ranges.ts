import { type IpRange, type ipRangeCreate, type ipRangeUpdate, ipRange } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { Denied, InputError, StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { notifyRacks } from "../racks/notify.ts";
import type { Caller } from "../users/access.ts";
import { type By, type ByCaller, changeNetworks, given, missing, requireTaker, tellChange } from "./change.ts";
import { rangeConflicts, rangeFailures, spanFailures } from "./ranges.ts";
import { subnetOf } from "./subnet-of.ts";
import { rackAddresses } from "./subnet-checks.ts";
import { getSubnet } from "./subnets.ts";

export type IpRangeCreate = z.output<typeof ipRangeCreate>;
export type IpRangeUpdate = z.output<typeof ipRangeUpdate>;
/** A range with whose it is. */
export type OwnedRange = IpRange & { owner_id: number | null };

const rangesWhere = (condition: RawBuilder<boolean>) => sql<OwnedRange>`
    select r.id, r.subnet_id, r.kind as type, host(r.first) as first, host(r.last) as last, r.comment,
      u.username as owner, r.user_id as owner_id
    from ip_ranges r left join users u on u.id = r.user_id where ${condition}`;
const inSubnet = (id: number | null) => sql<boolean>`(${id}::bigint is null or r.subnet_id = ${id}::bigint)`;

export const ipRangeList = declareList("ip-ranges", ipRange, {
  order: ["id"],
  fields: { first: { address: true }, last: { address: true }, owner: { cased: true } },
});

/** One page of ranges, filtered and sorted as asked for; of one subnet where it is given. @throws InputError */
export const pageOfIpRanges = (
  db: Kysely<Tables>,
  asked: Asked,
  subnetId: number | null = null,
): Promise<Page<OwnedRange>> => listPage(db, ipRangeList, rangesWhere(inSubnet(subnetId)), asked);

/** Ranges with an id above `after`, in order of id; of one subnet where it is given. */
export async function listIpRanges(
  db: Kysely<Tables>,
  after: number,
  limit: number,
  subnetId: number | null = null,
): Promise<OwnedRange[]> {
  const found = rangesWhere(sql<boolean>`r.id > ${after} and ${inSubnet(subnetId)}`);
  const { rows } = await sql<OwnedRange>`${found} order by r.id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function getIpRange(db: Kysely<Tables>, id: number): Promise<OwnedRange> {
  const [range] = await listIpRanges(db, id - 1, 1);
  if (range?.id !== id) throw missing("ip_ranges", id);
  return range;
}

/**
 * Makes a range. Any user may reserve addresses; dynamic ranges are an administrator's. A dynamic range of an IPv4 subnet
 * whose VLAN serves DHCP is served from now on.
 *
 * @throws InputError, Denied, StateConflict where other ranges or addresses are in the way
 */
export async function createIpRange(db: Database, wanted: IpRangeCreate, by: ByCaller): Promise<OwnedRange> {
  return changeNetworks(db, async (tx) => {
    const subnetId = wanted.subnet_id ?? (await subnetOf(tx, "first", wanted.first));
    const ownerId = wanted.owner === undefined ? by.caller.id : await userId(tx, wanted.owner);
    const range = { ...wanted, subnet_id: subnetId, owner_id: ownerId };
    requireRight(range, by.caller);
    await requireFree(tx, range, null);
    const { id } = await tx.insertInto("ip_ranges").values(columns(range)).returning("id").executeTakeFirstOrThrow();
    await serveWithVlan(tx, subnetId);
    await notifyRacks(tx);
    const after = await getIpRange(tx, id);
    await tellChange(tx, byName(by), "ip-range.changed", { words: `created the ${namely(after)}`, id, after });
    return after;
  });
}

/** Changes the fields that are given. @throws NotFound, InputError, Denied, StateConflict */
export async function updateIpRange(
  db: Database,
  id: number,
  change: IpRangeUpdate,
  by: ByCaller,
): Promise<OwnedRange> {
  return changeNetworks(db, async (tx) => {
    const before = await getIpRange(tx, id);
    requireRight(before, by.caller);
    const fields = given(change);
    const owner = fields.owner === undefined ? {} : { owner_id: await userId(tx, fields.owner) };
    const range = { ...before, ...fields, ...owner };
    requireRight(range, by.caller);
    await requireFree(tx, range, id);
    await tx.updateTable("ip_ranges").set(columns(range)).where("id", "=", id).execute();
    if (before.type !== range.type || before.subnet_id !== range.subnet_id) await serveWithVlan(tx, range.subnet_id);
    await notifyRacks(tx);
    const after = await getIpRange(tx, id);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of the ${namely(before)}`;
    await tellChange(tx, byName(by), "ip-range.changed", { words, id, before, after });
    return after;
  });
}

/** @throws NotFound, Denied */
export async function deleteIpRange(db: Database, id: number, by: ByCaller): Promise<void> {
  await changeNetworks(db, async (tx) => {
    const before = await getIpRange(tx, id);
    requireRight(before, by.caller);
    await tx.deleteFrom("ip_ranges").where("id", "=", id).execute();
    await notifyRacks(tx);
    await tellChange(tx, byName(by), "ip-range.changed", { words: `deleted the ${namely(before)}`, id, before });
  });
}

const byName = ({ caller, now }: ByCaller): By => ({ actor: caller.username, now });
const namely = ({ type, first, last }: IpRange): string => `${type} range ${first}-${last}`;

function requireRight({ type, owner_id }: Pick<OwnedRange, "type" | "owner_id">, caller: Caller): void {
  requireTaker(caller);
  if (caller.administrator || (type === "reserved" && owner_id === caller.id)) return;
  throw new Denied(
    type === "dynamic"
      ? "Only an administrator may change dynamic ranges."
      : "Only its owner or an administrator may change a reserved range.",
    403,
    { next: "Ask an administrator." },
  );
}

async function requireFree(tx: Transaction, range: Omit<IpRange, "id" | "comment" | "owner">, self: number | null) {
  await sql`select from subnets where id = ${range.subnet_id} for no key update`.execute(tx);
  const subnet = await getSubnet(tx, range.subnet_id).catch(() => {
    throw InputError.field("subnet_id", range.subnet_id, "must be the id of a subnet that exists; see /api/v1/subnets");
  });
  const failures = spanFailures(range, subnet.cidr);
  if (failures.length === 0 && range.type === "dynamic")
    for (const { allowed } of rangeFailures([range], { ...subnet, racks: await rackAddresses(tx) }))
      failures.push({ field: "first", value: range.first, allowed });
  const [first] = failures;
  if (first !== undefined) throw new InputError(`${first.field} ${first.allowed}`, { failures });
  const [conflict] = await rangeConflicts(tx, subnet.id, range.type, [range], self === null ? {} : { id: self });
  if (conflict !== undefined)
    throw new StateConflict(
      `The ${range.type} range ${range.first}-${range.last} is in conflict with ${conflict.what}.`,
      { next: "Choose addresses that are free: GET /api/v1/subnets/{id}/usage tells which are." },
    );
}

async function userId(tx: Transaction, username: string): Promise<number> {
  const user = await tx.selectFrom("users").select("id").where("username", "=", username).executeTakeFirst();
  if (user === undefined) throw InputError.field("owner", username, "must be the name of a user");
  return user.id;
}

/** A VLAN that serves DHCP does so on all of its IPv4 subnets that have a dynamic range. */
async function serveWithVlan(tx: Transaction, subnetId: number): Promise<void> {
  await sql`
    update subnets s set dhcp = true
    where s.id = ${subnetId} and not s.dhcp and family(s.cidr) = 4
      and exists (select from ip_ranges r where r.subnet_id = s.id and r.kind = 'dynamic')
      and exists (select from subnets o where o.vlan_id = s.vlan_id and o.dhcp)`.execute(tx);
}

const columns = ({ subnet_id, type, first, last, comment, owner_id }: Omit<OwnedRange, "id" | "owner">) => ({
  subnet_id,
  kind: type,
  first,
  last,
  comment,
  user_id: owner_id,
});
