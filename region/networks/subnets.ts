import type { subnetCreate, subnetUpdate, Subnet } from "@rackwright/contract";
import { sql } from "kysely";
import type { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit, type Change } from "../events/audit.ts";
import { notifyRacks } from "../racks/notify.ts";
import { contains, networkOf, toBlock } from "./address.ts";
import { gatewayFailures, rangeFailures } from "./ranges.ts";

/** Who changes it. */
type By = { actor: string; now: Date };
export type SubnetCreate = z.output<typeof subnetCreate>;
export type SubnetUpdate = z.output<typeof subnetUpdate>;

/** Subnets with an id above `after`, in order of id. */
export async function listSubnets(db: Database | Transaction, after = 0, limit = 1000): Promise<Subnet[]> {
  const { rows } = await sql<Subnet>`
    select s.id, s.cidr::text as cidr, host(s.gateway) as gateway, s.mtu, s.dhcp,
      coalesce((select jsonb_agg(host(a) order by n) from unnest(s.dns_servers) with ordinality as d(a, n)), '[]') as dns_servers,
      coalesce((select jsonb_agg(host(a) order by n) from unnest(s.ntp_servers) with ordinality as d(a, n)), '[]') as ntp_servers,
      coalesce((select jsonb_agg(jsonb_build_object('first', host(r.first), 'last', host(r.last)) order by r.first)
                from ip_ranges r where r.subnet_id = s.id and r.kind = 'dynamic'), '[]') as dynamic_ranges
    from subnets s where s.id > ${after} order by s.id limit ${limit}`.execute(db);
  return rows;
}

/** @throws NotFound */
export async function getSubnet(db: Database | Transaction, id: number): Promise<Subnet> {
  const [subnet] = await listSubnets(db, id - 1, 1);
  if (subnet === undefined || subnet.id !== id)
    throw new NotFound(`There is no subnet ${id}.`, { next: "GET /api/v1/subnets lists those there are." });
  return subnet;
}

/** @throws InputError naming each bad field, StateConflict where the network overlaps another subnet */
export async function createSubnet(db: Database, wanted: SubnetCreate, by: By): Promise<Subnet> {
  const cidr = networkOf(wanted.cidr);
  if (cidr !== wanted.cidr) throw InputError.field("cidr", wanted.cidr, `must be a network; did you mean ${cidr}?`);
  return db.transaction().execute(async (tx) => {
    await sql`lock table subnets in share row exclusive mode`.execute(tx);
    const { rows } = await sql<{ cidr: string }>`select cidr::text from subnets where cidr && ${cidr}::cidr`.execute(
      tx,
    );
    if (rows[0] !== undefined)
      throw new StateConflict(`Subnet ${cidr} overlaps the subnet ${rows[0].cidr}.`, {
        next: `Change ${rows[0].cidr} or delete it first.`,
      });
    await check(tx, { ...wanted, cidr });
    const { id } = await tx
      .insertInto("subnets")
      .values({ cidr, ...columns(wanted) })
      .returning("id")
      .executeTakeFirstOrThrow();
    await replaceRanges(tx, id, wanted.dynamic_ranges);
    await notifyRacks(tx);
    const made = await getSubnet(tx, id);
    await tell(tx, by, `created subnet ${cidr}`, id, { after: made });
    return made;
  });
}

/** Changes the fields that are given. @throws NotFound, InputError */
export async function updateSubnet(db: Database, id: number, change: SubnetUpdate, by: By): Promise<Subnet> {
  return db.transaction().execute(async (tx) => {
    await sql`select from subnets where id = ${id} for no key update`.execute(tx);
    const old = await getSubnet(tx, id);
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const wanted: Subnet = { ...old, ...given };
    await check(tx, wanted);
    await tx.updateTable("subnets").set(columns(wanted)).where("id", "=", id).execute();
    if (change.dynamic_ranges !== undefined) await replaceRanges(tx, id, wanted.dynamic_ranges);
    await notifyRacks(tx);
    const changed = await getSubnet(tx, id);
    const words = `changed ${Object.keys(given).join(", ") || "nothing"} of subnet ${old.cidr}`;
    await tell(tx, by, words, id, { before: old, after: changed });
    return changed;
  });
}

/** Deletes a subnet and its leases. @throws NotFound, StateConflict while machines hold addresses on it */
export async function deleteSubnet(db: Database, id: number, by: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const subnet = await getSubnet(tx, id);
    const { rows } = await sql<{ hostname: string }>`
      select distinct m.hostname from leases l join interfaces i on i.mac = l.mac join machines m on m.id = i.machine_id
      where l.subnet_id = ${id} and l.state <> 'declined' order by 1 limit 5`.execute(tx);
    if (rows.length > 0)
      throw new StateConflict(
        `Subnet ${subnet.cidr} is in use by ${rows.map((row) => row.hostname).join(", ")}${rows.length === 5 ? ", …" : ""}.`,
        { next: "Delete these machines first, or turn DHCP off on the subnet instead." },
      );
    await tx.deleteFrom("subnets").where("id", "=", id).execute();
    await notifyRacks(tx);
    await tell(tx, by, `deleted subnet ${subnet.cidr} with its leases`, id, { before: subnet });
  });
}

function tell(tx: Transaction, { actor, now }: By, deed: string, id: number, states: Pick<Change, "before" | "after">) {
  const message = `${actor} ${deed}`;
  return appendAudit(tx, { type: "subnet.changed", at: now, actor, message, ...states, data: { subnet_id: id } });
}

const columns = (subnet: Pick<Subnet, "gateway" | "dns_servers" | "ntp_servers" | "mtu" | "dhcp">) => ({
  gateway: subnet.gateway,
  dns_servers: subnet.dns_servers,
  ntp_servers: subnet.ntp_servers,
  mtu: subnet.mtu,
  dhcp: subnet.dhcp,
});

async function check(tx: Transaction, subnet: Omit<Subnet, "id">): Promise<void> {
  const racks = (await rackAddresses(tx)).filter((address) => contains(toBlock(subnet.cidr), address));
  const failures = gatewayFailures(subnet.gateway, subnet.cidr);
  failures.push(...rangeFailures(subnet.dynamic_ranges, { ...subnet, racks }));
  if (subnet.dhcp && subnet.dynamic_ranges.length === 0)
    failures.push({
      field: "dynamic_ranges",
      value: [],
      allowed: "must have at least one range where dhcp is true: new machines get their addresses from it",
    });
  const [first] = failures;
  if (first !== undefined) throw new InputError(`${first.field} ${first.allowed}.`, { failures });
}

/** Addresses of every rack's interfaces as they were told last. */
async function rackAddresses(tx: Transaction): Promise<string[]> {
  const racks = await tx.selectFrom("racks").select("interfaces").execute();
  return racks.flatMap((rack) =>
    rack.interfaces.flatMap((device) => device.addresses.map((cidr) => cidr.split("/")[0] ?? "")),
  );
}

async function replaceRanges(tx: Transaction, id: number, ranges: Subnet["dynamic_ranges"]): Promise<void> {
  await tx.deleteFrom("ip_ranges").where("subnet_id", "=", id).where("kind", "=", "dynamic").execute();
  if (ranges.length === 0) return;
  const rows = ranges.map(({ first, last }) => ({ subnet_id: id, kind: "dynamic" as const, first, last }));
  await tx.insertInto("ip_ranges").values(rows).execute();
}
