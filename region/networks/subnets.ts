import { type Subnet, type subnetCreate, type subnetUpdate, subnet as subnetSchema } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { StateConflict } from "../errors.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { notifyRacks } from "../racks/notify.ts";
import { type By, changeNetworks, given, missing, tellChange } from "./change.ts";
import { requireInside, requireNetwork, requireNoOverlap, requireSound } from "./subnet-checks.ts";

export type SubnetCreate = z.output<typeof subnetCreate>;
export type SubnetUpdate = z.output<typeof subnetUpdate>;
export type SubnetDeletion = {
  /** Delete it although machines and devices have addresses on it. */
  force?: boolean;
  /** Refuse while DHCP gives addresses of it: MAAS's way. */
  keepServed?: boolean;
};

const subnets = sql<Subnet>`
    select s.id, s.cidr::text as cidr, coalesce(s.name, s.cidr::text) as name, s.description, s.vlan_id,
      host(s.gateway) as gateway, s.mtu, s.dhcp,
      coalesce((select jsonb_agg(host(a) order by n) from unnest(s.dns_servers) with ordinality as d(a, n)), '[]') as dns_servers,
      coalesce((select jsonb_agg(host(a) order by n) from unnest(s.ntp_servers) with ordinality as d(a, n)), '[]') as ntp_servers,
      coalesce((select jsonb_agg(jsonb_build_object('first', host(r.first), 'last', host(r.last)) order by r.first)
                from ip_ranges r where r.subnet_id = s.id and r.kind = 'dynamic'), '[]') as dynamic_ranges,
      s.managed, s.rdns_mode, s.active_discovery, s.allow_dns, s.allow_proxy, s.disabled_boot_architectures
    from subnets s`;

export const subnetList = declareList("subnets", subnetSchema, {
  order: ["id"],
  fields: {
    cidr: { address: true },
    gateway: { address: true },
    dns_servers: { rows: sql`jsonb_array_elements_text(listed.dns_servers)` },
    ntp_servers: { rows: sql`jsonb_array_elements_text(listed.ntp_servers)` },
    dynamic_ranges: null,
  },
});

/** One page of subnets, filtered and sorted as asked for. @throws InputError */
export const pageOfSubnets = (db: Kysely<Tables>, asked: Asked): Promise<Page<Subnet>> =>
  listPage(db, subnetList, subnets, asked);

/** Subnets with an id above `after`, in order of id. */
export async function listSubnets(db: Kysely<Tables>, after = 0, limit = 1000): Promise<Subnet[]> {
  const { rows } = await sql<Subnet>`${subnets} where s.id > ${after} order by s.id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function getSubnet(db: Kysely<Tables>, id: number): Promise<Subnet> {
  const [subnet] = await listSubnets(db, id - 1, 1);
  if (subnet?.id !== id) throw missing("subnets", id);
  return subnet;
}

/** The VLAN of a subnet nobody said otherwise of: the untagged one of the first fabric. */
export async function defaultVlan(tx: Transaction): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from vlans where vid = 0 order by fabric_id limit 1`.execute(tx);
  if (rows[0] === undefined) throw new Error("there is no untagged VLAN");
  return rows[0].id;
}

/** @throws InputError naming each bad field, StateConflict where the network overlaps another subnet */
export async function createSubnet(db: Database, wanted: SubnetCreate, by: By): Promise<Subnet> {
  const cidr = requireNetwork(wanted.cidr);
  return changeNetworks(db, async (tx) => {
    const subnet = { ...wanted, cidr, vlan_id: wanted.vlan_id ?? (await defaultVlan(tx)) };
    await requireNoOverlap(tx, cidr);
    await requireSound(tx, subnet, given(wanted), null);
    const { id } = await tx.insertInto("subnets").values(columns(subnet)).returning("id").executeTakeFirstOrThrow();
    await replaceRanges(tx, id, wanted.dynamic_ranges);
    await notifyRacks(tx);
    const after = await getSubnet(tx, id);
    await tellChange(tx, by, "subnet.changed", { words: `created subnet ${cidr}`, id, after });
    return after;
  });
}

/** Changes the fields that are given. @throws NotFound, InputError, StateConflict */
export async function updateSubnet(db: Database, id: number, change: SubnetUpdate, by: By): Promise<Subnet> {
  return changeNetworks(db, async (tx) => {
    await sql`select from subnets where id = ${id} for no key update`.execute(tx);
    const before = await getSubnet(tx, id);
    const fields: Partial<SubnetUpdate> = given(change);
    if (fields.cidr !== undefined) fields.cidr = requireNetwork(fields.cidr);
    const wanted: Subnet = { ...before, ...given(fields) };
    if (wanted.cidr !== before.cidr) {
      await requireNoOverlap(tx, wanted.cidr, id);
      // Ranges that are given anew have been checked against the new network.
      if (fields.dynamic_ranges !== undefined) await replaceRanges(tx, id, []);
      await requireInside(tx, id, wanted.cidr);
    }
    await requireSound(tx, wanted, given(fields), id);
    // What bears the name of its network goes on doing so.
    const name = fields.name ?? (before.name === before.cidr ? wanted.cidr : before.name);
    await tx
      .updateTable("subnets")
      .set(columns({ ...wanted, name }))
      .where("id", "=", id)
      .execute();
    if (fields.dynamic_ranges !== undefined) await replaceRanges(tx, id, wanted.dynamic_ranges);
    await notifyRacks(tx);
    const after = await getSubnet(tx, id);
    const words = `changed ${Object.keys(fields).join(", ") || "nothing"} of subnet ${before.cidr}`;
    await tellChange(tx, by, "subnet.changed", { words, id, before, after });
    return after;
  });
}

/** Deletes a subnet and its leases. @throws NotFound, StateConflict while machines or devices hold addresses on it */
export async function deleteSubnet(
  db: Database,
  id: number,
  by: By,
  { force = false, keepServed = false }: SubnetDeletion = {},
): Promise<void> {
  await changeNetworks(db, async (tx) => {
    await sql`select from subnets where id = ${id} for update`.execute(tx);
    const before = await getSubnet(tx, id);
    if (keepServed && before.dhcp && before.dynamic_ranges.length > 0)
      throw new StateConflict(`Subnet ${before.cidr} is in use: DHCP gives addresses from its dynamic range.`, {
        next: "Turn DHCP off on its VLAN, or delete the dynamic range first.",
      });
    const users = force ? [] : await usersOf(tx, id);
    if (users.length > 0)
      throw new StateConflict(
        `Subnet ${before.cidr} is in use by ${users.join(", ")}${users.length === 5 ? ", …" : ""}.`,
        { next: "Delete these machines first, or turn DHCP off on the subnet instead." },
      );
    await tx.deleteFrom("subnets").where("id", "=", id).execute();
    await notifyRacks(tx);
    await tellChange(tx, by, "subnet.changed", { words: `deleted subnet ${before.cidr} with its leases`, id, before });
  });
}

/** Some of those who have an address of the subnet: leased, or fixed on an interface. */
async function usersOf(tx: Transaction, id: number): Promise<string[]> {
  const { rows } = await sql<{ hostname: string }>`
    select coalesce(m.hostname, d.hostname) as hostname from (
      select i.machine_id, i.device_id from leases l join interfaces i on i.mac = l.mac
      where l.subnet_id = ${id} and l.state <> 'declined'
      union
      select i.machine_id, i.device_id from interface_links k join interfaces i on i.id = k.interface_id
      where k.subnet_id = ${id} and k.ip_address_id is not null
    ) as users left join machines m on m.id = users.machine_id left join devices d on d.id = users.device_id
    order by 1 limit 5`.execute(tx);
  return rows.map(({ hostname }) => hostname);
}

const columns = (subnet: Omit<SubnetCreate, "dynamic_ranges" | "vlan_id"> & { vlan_id: number }) => ({
  cidr: subnet.cidr,
  name: subnet.name === undefined || subnet.name === subnet.cidr ? null : subnet.name,
  description: subnet.description,
  vlan_id: subnet.vlan_id,
  gateway: subnet.gateway,
  dns_servers: subnet.dns_servers,
  ntp_servers: subnet.ntp_servers,
  mtu: subnet.mtu,
  dhcp: subnet.dhcp,
  managed: subnet.managed,
  rdns_mode: subnet.rdns_mode,
  active_discovery: subnet.active_discovery,
  allow_dns: subnet.allow_dns,
  allow_proxy: subnet.allow_proxy,
  disabled_boot_architectures: subnet.disabled_boot_architectures,
});

/** Makes the dynamic ranges those that are wanted; one that stays keeps its number and comment. */
async function replaceRanges(tx: Transaction, id: number, ranges: Subnet["dynamic_ranges"]): Promise<void> {
  const wanted = sql`unnest(${ranges.map(({ first }) => first)}::inet[], ${ranges.map(({ last }) => last)}::inet[])
                     as w(first, last)`;
  await sql`delete from ip_ranges r where r.subnet_id = ${id} and r.kind = 'dynamic'
            and not exists (select from ${wanted} where w.first = r.first and w.last = r.last)`.execute(tx);
  await sql`insert into ip_ranges (subnet_id, kind, first, last)
            select ${id}::bigint, 'dynamic', w.first, w.last from ${wanted}
            where not exists (select from ip_ranges r where r.subnet_id = ${id} and r.kind = 'dynamic'
                              and r.first = w.first and r.last = w.last)`.execute(tx);
}
