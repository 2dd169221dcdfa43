import type { Failure, InstallPlan } from "@rackwright/contract";
import { makeFailure, networkNotDeployable } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { asksDhcp, networkConfig, type Surroundings, withBootLink } from "./netplan.ts";
import { pickAddress } from "./pick-address.ts";
import { type Interface, loadInterfaces } from "./read.ts";
import { readSubnets } from "./subnets.ts";

/** A machine's interfaces, as they are to be installed, with what their configuration is made of. */
async function load(db: Kysely<Tables>, machineId: string, now: Date) {
  const stored = (await loadInterfaces(db, { nodes: [machineId] }, now)).get(machineId) ?? [];
  const machine = await db.selectFrom("machines").select("boot_mac").where("id", "=", machineId).executeTakeFirst();
  const interfaces = isConfigured(stored) ? withBootLink(stored, machine?.boot_mac ?? null) : stored;
  const subnets = await readSubnets(
    db,
    interfaces.flatMap((one) => one.links.flatMap((link) => link.subnet_id ?? [])),
  );
  return { interfaces, subnets };
}

async function surroundings(
  db: Kysely<Tables>,
  { interfaces, subnets }: Awaited<ReturnType<typeof load>>,
): Promise<Surroundings> {
  const vlans = await db
    .selectFrom("vlans")
    .select(["id", "vid", "mtu"])
    .where("id", "in", [0, ...interfaces.flatMap(({ vlan_id }) => vlan_id ?? [])])
    .execute();
  const { rows: routes } = await sql<Surroundings["routes"][number]>`
    select r.source_id, d.cidr::text as destination, host(r.gateway) as gateway, r.metric
    from static_routes r join subnets d on d.id = r.destination_id
    where r.source_id = any(${[...subnets.keys()]}::bigint[]) order by r.id`.execute(db);
  const { rows: names } = await sql<{ id: number; name: string }>`
    select id, details ->> 'kernel_name' as name from interfaces
    where id = any(${interfaces.map(({ id }) => id)}::bigint[]) and details ? 'kernel_name'`.execute(db);
  return {
    subnets,
    vlans: new Map(vlans.map((row) => [row.id, row])),
    routes,
    kernelNames: new Map(names.map((row) => [row.id, row.name])),
  };
}

/**
 * The network of a machine as it is set up, in configuration version 2; null where nobody and nothing set it up, so that
 * the card it boots from has to do.
 */
export async function configuredNetworkOf(
  db: Kysely<Tables>,
  machineId: string,
  now: Date,
): Promise<InstallPlan["network"] | null> {
  const loaded = await load(db, machineId, now);
  if (!isConfigured(loaded.interfaces)) return null;
  return networkConfig(loaded.interfaces, await surroundings(db, loaded));
}

const isConfigured = (interfaces: readonly Interface[]): boolean =>
  interfaces.some(({ links, configured }) => configured || links.length > 0);

/** Why the machine cannot be deployed with its interfaces as they are; null when it can. */
export async function checkNetwork(db: Kysely<Tables>, machineId: string, now: Date): Promise<Failure | null> {
  const { interfaces } = await load(db, machineId, now);
  if (!isConfigured(interfaces)) return null;
  const ovs = interfaces.find(({ params, enabled }) => enabled && params["bridge_type"] === "ovs");
  if (ovs !== undefined)
    return makeFailure(
      networkNotDeployable,
      `${ovs.name} is an Open vSwitch bridge, which the images here cannot set up.`,
      [],
      "Make it a standard bridge, or delete it.",
    );
  const names = interfaces.filter(({ enabled }) => enabled).map(({ name }) => name);
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined)
    return makeFailure(networkNotDeployable, `Two interfaces are named ${twice}.`, [], "Rename one of them.");
  const on = (one: Interface): boolean =>
    one.enabled &&
    (one.type === "physical" || interfaces.some((parent) => one.parents.includes(parent.id) && on(parent)));
  if (interfaces.some((one) => on(one) && one.links.some(({ mode }) => mode !== "link_up"))) return null;
  return makeFailure(networkNotDeployable, "Node must be configured to use a network: no interface gets an address.");
}

/**
 * Picks the addresses of links that choose theirs when the machine is deployed. Where our DHCP serves the subnet it does
 * so itself: a machine's lease is kept for as long as the machine exists.
 *
 * @throws OutsideDown when a subnet has no free address
 */
export async function assignAddresses(tx: Transaction, machineId: string, now: Date): Promise<void> {
  const { interfaces, subnets } = await load(tx, machineId, now);
  const rows = await unassigned(tx, machineId);
  for (const one of interfaces)
    for (const link of one.links) {
      if (!one.enabled || link.mode !== "auto" || !rows.has(link.id) || asksDhcp(link, subnets)) continue;
      const { id } = await tx
        .insertInto("ip_addresses")
        .values({
          address: await pickAddress(tx, link.subnet_id ?? 0, now),
          subnet_id: link.subnet_id,
          kind: "auto",
          created_at: now,
          updated_at: now,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await tx.updateTable("interface_links").set({ ip_address_id: id }).where("id", "=", link.id).execute();
    }
}

async function unassigned(tx: Transaction, machineId: string): Promise<Set<number>> {
  const rows = await tx
    .selectFrom("interface_links")
    .innerJoin("interfaces", "interfaces.id", "interface_links.interface_id")
    .select("interface_links.id")
    .where("machine_id", "=", machineId)
    .where("mode", "=", "auto")
    .where("ip_address_id", "is", null)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Gives back what a machine had for the time of its use: addresses picked for it, bridges made for it, child devices. */
export async function endUse(tx: Transaction, machineId: string): Promise<void> {
  await releaseAddresses(tx, machineId);
  await removeAcquired(tx, machineId);
  await tx.deleteFrom("devices").where("parent_id", "=", machineId).execute();
}

/** Gives back the addresses that were picked for a deployment. */
export async function releaseAddresses(tx: Transaction, machineId: string): Promise<void> {
  await sql`
    delete from ip_addresses a using interface_links l, interfaces i
    where l.ip_address_id = a.id and l.mode = 'auto' and i.id = l.interface_id and i.machine_id = ${machineId}`.execute(
    tx,
  );
}

/** Bridges of an allocation give their links back to what they were made of. */
async function removeAcquired(tx: Transaction, machineId: string): Promise<void> {
  await sql`
    update interface_links l set interface_id = p.parent_id from interfaces i, interface_parents p
    where i.machine_id = ${machineId} and i.acquired and l.interface_id = i.id and p.interface_id = i.id`.execute(tx);
  await tx.deleteFrom("interfaces").where("machine_id", "=", machineId).where("acquired", "=", true).execute();
}
