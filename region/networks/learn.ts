import { makeFailure, subnetOverlap } from "@rackwright/contract";
import type { RackInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { networkOf, toBlock } from "./address.ts";
import { lockNetworks } from "./change.ts";
import { placeInterface, type Placed } from "./learn-vlan.ts";

/**
 * Makes subnets of the networks a rack's interfaces are on, with DHCP off until an operator turns it on, in the VLAN the
 * interface is on. Networks that are known stay as they are; one that overlaps a known subnet is left out and told.
 * Returns how many were made.
 */
export async function learnSubnets(
  tx: Transaction,
  rack: string,
  interfaces: readonly RackInterface[],
): Promise<number> {
  const cidrs = new Set(interfaces.flatMap((device) => device.addresses.filter(isLearnable).map(networkOf)));
  if (cidrs.size === 0) return 0;
  const known = await sql<{ cidr: string }>`
    select c as cidr from unnest(${[...cidrs]}::text[]) as c where c::cidr in (select cidr from subnets)`.execute(tx);
  for (const { cidr } of known.rows) cidrs.delete(cidr);
  if (cidrs.size === 0) return 0;
  await lockNetworks(tx);
  await sql`lock table subnets in share row exclusive mode`.execute(tx);
  const placed = await placesOf(tx, interfaces);
  let made = 0;
  for (const device of interfaces)
    for (const cidr of new Set(device.addresses.filter(isLearnable).map(networkOf))) {
      if (!cidrs.has(cidr)) continue;
      const { rows } = await sql<{ cidr: string; same: boolean }>`
        select cidr::text, cidr = ${cidr}::cidr as same from subnets where cidr && ${cidr}::cidr limit 1`.execute(tx);
      const other = rows[0];
      if (other === undefined) {
        const vlan = await placeInterface(tx, device, placed);
        await tx.insertInto("subnets").values({ cidr, vlan_id: vlan }).execute();
        made++;
      } else if (!other.same) await overlap(tx, rack, cidr, other.cidr);
      cidrs.delete(cidr);
    }
  return made;
}

/** Interfaces with a network that is known already: they are on its VLAN. */
async function placesOf(tx: Transaction, interfaces: readonly RackInterface[]): Promise<Placed> {
  const pairs = interfaces.flatMap(({ name, addresses }) => addresses.map((cidr) => ({ name, cidr: networkOf(cidr) })));
  const { rows } = await sql<{ name: string; id: number; fabric_id: number; vid: number }>`
    select a.name, v.id, v.fabric_id, v.vid
    from unnest(${pairs.map(({ name }) => name)}::text[], ${pairs.map(({ cidr }) => cidr)}::cidr[]) as a(name, cidr)
    join subnets s on s.cidr = a.cidr join vlans v on v.id = s.vlan_id order by s.id`.execute(tx);
  const placed: Placed = new Map();
  const byName = new Map(interfaces.map((device) => [device.name, device]));
  for (const { name, ...vlan } of rows) {
    if (!placed.has(name)) placed.set(name, vlan);
    // What is told of one tag of a device says where its others are.
    const parent = byName.get(name)?.vlan?.parent;
    if (parent !== undefined && !placed.has(parent)) placed.set(parent, { ...vlan, id: null, vid: 0 });
  }
  return placed;
}

/** Loopback, link-local and point-to-point networks carry no machines. */
function isLearnable(cidr: string): boolean {
  const { prefix } = toBlock(cidr);
  return prefix >= 8 && prefix <= 30 && !cidr.startsWith("127.") && !cidr.startsWith("169.254.");
}

async function overlap(tx: Transaction, rack: string, cidr: string, other: string): Promise<void> {
  const message = `Rack ${rack} has an interface in ${cidr}, which overlaps the subnet ${other}.`;
  await appendEvent(tx, {
    type: "network.problem",
    level: "warning",
    rack,
    actor: "region",
    message,
    failure: makeFailure(
      subnetOverlap,
      message,
      [],
      `Correct the prefix length of the rack's interface, or delete the subnet ${other}.`,
    ),
  });
}
