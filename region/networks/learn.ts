import { makeFailure, subnetOverlap } from "@rackwright/contract";
import type { RackInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { networkOf, toBlock } from "./address.ts";

/**
 * Makes subnets of the networks a rack's interfaces are on, with DHCP off until an operator turns it on. Networks that
 * are known stay as they are; one that overlaps a known subnet is left out and told. Returns how many were made.
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
  await sql`lock table subnets in share row exclusive mode`.execute(tx);
  let made = 0;
  for (const cidr of cidrs) {
    const { rows } = await sql<{ cidr: string; same: boolean }>`
      select cidr::text, cidr = ${cidr}::cidr as same from subnets where cidr && ${cidr}::cidr limit 1`.execute(tx);
    const other = rows[0];
    if (other === undefined) {
      await tx.insertInto("subnets").values({ cidr }).execute();
      made++;
    } else if (!other.same) await overlap(tx, rack, cidr, other.cidr);
  }
  return made;
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
