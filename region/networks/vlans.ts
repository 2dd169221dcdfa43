import { type Vlan, type vlanCreate, type vlanUpdate, vlan as vlanSchema } from "@rackwright/contract";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError, StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { notifyRacks } from "../racks/notify.ts";
import { type By, changeNetworks, given, missing, requireRow, taken, tellChange } from "./change.ts";
import { decideRacks, rackIds } from "./vlan-racks.ts";

export type VlanCreate = z.output<typeof vlanCreate>;
export type VlanUpdate = z.output<typeof vlanUpdate>;
export type VlanOptions = {
  /** Refuse DHCP without a rack that is named: MAAS's way. Otherwise every rack that is on the VLAN answers. */
  namedRack?: boolean;
};

const vlansWhere = (condition: RawBuilder<boolean>) => sql<Vlan>`
    select v.id, v.fabric_id, v.vid, v.name, v.description, v.mtu, v.space_id,
      exists (select from subnets s where s.vlan_id = v.id and s.dhcp) as dhcp,
      one.name as primary_rack, two.name as secondary_rack, v.relay_vlan_id, host(v.external_dhcp) as external_dhcp
    from vlans v left join racks one on one.id = v.primary_rack_id left join racks two on two.id = v.secondary_rack_id
    where ${condition}`;
const onFabric = (id: number | null) => sql<boolean>`(${id}::bigint is null or v.fabric_id = ${id}::bigint)`;

export const vlanList = declareList("vlans", vlanSchema, {
  order: ["id"],
  fields: { external_dhcp: { address: true } },
});

/** One page of VLANs, filtered and sorted as asked for; of one fabric where it is given. @throws InputError */
export const pageOfVlans = (db: Kysely<Tables>, asked: Asked, fabricId: number | null = null): Promise<Page<Vlan>> =>
  listPage(db, vlanList, vlansWhere(onFabric(fabricId)), asked);

/** VLANs with an id above `after`, in order of id; of one fabric where it is given. */
export async function listVlans(
  db: Kysely<Tables>,
  after: number,
  limit: number,
  fabricId: number | null = null,
): Promise<Vlan[]> {
  const found = vlansWhere(sql<boolean>`v.id > ${after} and ${onFabric(fabricId)}`);
  const { rows } = await sql<Vlan>`${found} order by v.id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function getVlan(db: Kysely<Tables>, id: number): Promise<Vlan> {
  const [vlan] = await listVlans(db, id - 1, 1);
  if (vlan?.id !== id) throw missing("vlans", id);
  return vlan;
}

/** @throws InputError, StateConflict for a tag the fabric has */
export async function createVlan(db: Database, wanted: VlanCreate, by: By, options: VlanOptions = {}): Promise<Vlan> {
  return changeNetworks(db, async (tx) => {
    const empty = { primary_rack: null, secondary_rack: null, dhcp: false, relay_vlan_id: null };
    await requirePlace(tx, wanted);
    const racks = await decideRacks(tx, empty, wanted, by.now);
    requireDhcp({ ...wanted, ...racks }, { ...empty, ranges: 0 }, wanted, options);
    const { id } = await tx
      .insertInto("vlans")
      .values({ ...columns(wanted), ...(await rackIds(tx, racks)) })
      .returning("id")
      .executeTakeFirstOrThrow();
    const after = await getVlan(tx, id);
    await tellChange(tx, by, "vlan.changed", { words: `created VLAN ${wanted.vid} (${id})`, id, after });
    return after;
  });
}

/**
 * Changes the fields that are given. DHCP is a switch of subnets: a VLAN's turns it on for all of its IPv4 subnets that
 * have a dynamic range, or off for all.
 *
 * @throws NotFound, InputError, StateConflict
 */
export async function updateVlan(
  db: Database,
  id: number,
  change: VlanUpdate,
  by: By,
  options: VlanOptions = {},
): Promise<Vlan> {
  return changeNetworks(db, async (tx) => {
    const before = await getVlan(tx, id);
    const fields = given(change);
    // Where DHCP is turned on nothing is relayed any more.
    const relay = fields.dhcp === true && fields.relay_vlan_id === undefined ? { relay_vlan_id: null } : {};
    const wanted = { ...before, ...fields, ...relay };
    await requirePlace(tx, wanted, before);
    const racks = await decideRacks(tx, before, fields, by.now);
    const ranges = await dynamicRanges(tx, id);
    requireDhcp({ ...wanted, ...racks }, { ...before, ranges }, fields, options);
    await tx
      .updateTable("vlans")
      .set({ ...columns(wanted), ...(await rackIds(tx, racks)), external_dhcp: wanted.external_dhcp })
      .where("id", "=", id)
      .execute();
    if (fields.dhcp !== undefined) await switchDhcp(tx, id, fields.dhcp);
    await notifyRacks(tx);
    const after = await getVlan(tx, id);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of VLAN ${before.vid} (${id})`;
    await tellChange(tx, by, "vlan.changed", { words, id, before, after });
    return after;
  });
}

/** @throws NotFound, StateConflict for the untagged VLAN of a fabric, and while subnets are on it */
export async function deleteVlan(db: Database, id: number, by: By): Promise<void> {
  await changeNetworks(db, async (tx) => {
    const before = await getVlan(tx, id);
    if (before.vid === 0)
      throw new StateConflict("The untagged VLAN of a fabric goes with the fabric and cannot be deleted alone.", {
        next: "Delete the fabric.",
      });
    const subnets = await tx.selectFrom("subnets").select("cidr").where("vlan_id", "=", id).limit(5).execute();
    if (subnets.length > 0)
      throw new StateConflict(`On VLAN ${before.vid} there is ${subnets.map(({ cidr }) => cidr).join(", ")}.`, {
        next: "Move these subnets to another VLAN, or delete them.",
      });
    await tx.deleteFrom("vlans").where("id", "=", id).execute();
    await tellChange(tx, by, "vlan.changed", { words: `deleted VLAN ${before.vid} (${id})`, id, before });
  });
}

type Place = Pick<VlanCreate, "fabric_id" | "vid" | "space_id" | "relay_vlan_id">;

async function requirePlace(tx: Transaction, wanted: Place, before?: Vlan): Promise<void> {
  const { fabric_id, vid, space_id, relay_vlan_id } = wanted;
  if (before?.vid === 0 && (vid !== 0 || fabric_id !== before.fabric_id))
    throw InputError.field(
      vid === 0 ? "fabric_id" : "vid",
      vid === 0 ? fabric_id : vid,
      "must stay: this is the untagged VLAN of its fabric",
    );
  await requireRow(tx, "fabrics", "fabric_id", fabric_id);
  if (space_id !== null) await requireRow(tx, "spaces", "space_id", space_id);
  if (relay_vlan_id !== null) {
    await requireRow(tx, "vlans", "relay_vlan_id", relay_vlan_id);
    if (relay_vlan_id === before?.id)
      throw InputError.field("relay_vlan_id", relay_vlan_id, "must be another VLAN than this one");
  }
  const other = await tx
    .selectFrom("vlans")
    .select("id")
    .where("fabric_id", "=", fabric_id)
    .where("vid", "=", vid)
    .executeTakeFirst();
  if (other !== undefined && other.id !== before?.id)
    throw taken("vid", vid, `is the tag of another VLAN of the fabric (${other.id})`, "Choose another tag or fabric.");
}

function requireDhcp(
  wanted: Pick<Vlan, "dhcp" | "relay_vlan_id" | "primary_rack">,
  before: Pick<Vlan, "dhcp"> & { ranges: number },
  change: VlanUpdate,
  { namedRack = false }: VlanOptions,
): void {
  if (!wanted.dhcp) return;
  if (change.dhcp === true && before.ranges === 0)
    throw InputError.field("dhcp", true, "needs a dynamic range on an IPv4 subnet of the VLAN; make one first");
  if (wanted.relay_vlan_id !== null)
    throw InputError.field("relay_vlan_id", wanted.relay_vlan_id, "must be none while DHCP is on; turn it off first");
  const touched = change.dhcp === true || change.primary_rack !== undefined || change.secondary_rack !== undefined;
  if (namedRack && touched && wanted.primary_rack === null)
    throw InputError.field("dhcp", true, "needs a primary rack controller");
}

async function dynamicRanges(tx: Transaction, vlan: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ip_ranges r join subnets s on s.id = r.subnet_id
    where s.vlan_id = ${vlan} and r.kind = 'dynamic' and family(s.cidr) = 4`.execute(tx);
  return rows[0]?.count ?? 0;
}

async function switchDhcp(tx: Transaction, vlan: number, on: boolean): Promise<void> {
  await sql`
    update subnets s set dhcp = ${on} and family(s.cidr) = 4
      and exists (select from ip_ranges r where r.subnet_id = s.id and r.kind = 'dynamic')
    where s.vlan_id = ${vlan}`.execute(tx);
}

const columns = (vlan: Omit<VlanCreate, "dhcp" | "primary_rack" | "secondary_rack">) => ({
  fabric_id: vlan.fabric_id,
  vid: vlan.vid,
  name: vlan.name,
  description: vlan.description,
  mtu: vlan.mtu,
  space_id: vlan.space_id,
  relay_vlan_id: vlan.relay_vlan_id,
});
