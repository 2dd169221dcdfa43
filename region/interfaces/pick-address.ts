import { noFreeAddress } from "@rackwright/contract";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { InputError, OutsideDown, StateConflict } from "../errors.ts";
import { holds, parseIp, printIp, printNetwork } from "../networks/ip.ts";
import { type Usage, isFree, readUsage } from "../networks/usage.ts";

/**
 * A free address of the subnet, the lowest: outside its ranges, and nobody's. In a subnet that is not managed only its
 * reserved ranges are ours to give from.
 *
 * @throws InputError where there is no such subnet, OutsideDown when it has no address left
 */
export async function pickAddress(db: Kysely<Tables>, subnetId: number, now: Date): Promise<string> {
  const { network, stretches } = await lockedUsage(db, subnetId, now);
  const free = stretches.find(isFree);
  if (free === undefined)
    throw new OutsideDown(`No more addresses are available in subnet ${printNetwork(network)}.`, noFreeAddress);
  return printIp({ version: network.version, value: free.first });
}

/**
 * The address in its canonical form, if it may be fixed on an interface. One of a reserved range may: ranges are reserved
 * for what is set up by hand.
 *
 * @throws InputError where it is not of the subnet or DHCP gives it out, StateConflict where it is somebody's
 */
export async function requireUsableAddress(
  db: Kysely<Tables>,
  subnetId: number,
  address: string,
  now: Date,
): Promise<string> {
  const { network, whole, stretches } = await lockedUsage(db, subnetId, now);
  const ip = parseIp(address);
  if (ip === undefined || !holds(network, ip) || ip.value < whole.first || ip.value > whole.last)
    throw InputError.field("address", address, `IP address is not in the given subnet '${printNetwork(network)}'.`);
  const purposes = stretches.find(({ first, last }) => first <= ip.value && ip.value <= last)?.purposes ?? [];
  if (purposes.includes("dynamic"))
    throw InputError.field("address", address, `must not lie in a dynamic range of ${printNetwork(network)}`);
  const mayBe: readonly string[] = ["reserved", "unmanaged"];
  const taken: string[] = purposes.filter((purpose) => !mayBe.includes(purpose));
  const kept = await db.selectFrom("reserved_ips").select("mac").where("address", "=", address).executeTakeFirst();
  if (kept !== undefined) taken.push(`kept for ${kept.mac}`);
  if (taken.length > 0)
    throw new StateConflict(`The IP address ${address} is already in use (${taken.join(", ")}).`, {
      next: "Choose another address, or none: then a free one is picked.",
    });
  return printIp(ip);
}

/** How the subnet's addresses are used; nobody else gives any out until the transaction ends. */
async function lockedUsage(db: Kysely<Tables>, subnetId: number, now: Date): Promise<Usage> {
  const { rows } = await sql`select from subnets where id = ${subnetId} for no key update`.execute(db);
  if (rows.length === 0) throw InputError.field("subnet_id", subnetId, "names no subnet there is");
  return readUsage(db, subnetId, now);
}
