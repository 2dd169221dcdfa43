import type { Subnet } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { type FieldFailure, InputError, StateConflict } from "../errors.ts";
import { requireRow } from "./change.ts";
import { holds, parseIp, parseNetwork, printNetwork } from "./ip.ts";
import { gatewayFailures, rangeConflicts, rangeFailures } from "./ranges.ts";

/** The network in its one spelling. @throws InputError where it has bits of a host */
export function requireNetwork(cidr: string): string {
  const network = parseNetwork(cidr);
  const canonical = network === undefined ? cidr : printNetwork(network);
  if (network === undefined || parseIp(cidr.split("/")[0] ?? "")?.value !== network.first)
    throw InputError.field("cidr", cidr, `must be a network; did you mean ${canonical}?`);
  return canonical;
}

/** Keeps others from making subnets meanwhile. @throws StateConflict where the network overlaps another subnet */
export async function requireNoOverlap(tx: Transaction, cidr: string, self: number | null = null): Promise<void> {
  await sql`lock table subnets in share row exclusive mode`.execute(tx);
  const { rows } = await sql<{ cidr: string }>`
    select cidr::text from subnets where cidr && ${cidr}::cidr and id is distinct from ${self}::bigint`.execute(tx);
  if (rows[0] !== undefined)
    throw new StateConflict(`Subnet ${cidr} overlaps the subnet ${rows[0].cidr}.`, {
      next: `Change ${rows[0].cidr} or delete it first.`,
      failures: [{ field: "cidr", value: cidr, allowed: `must not overlap the subnet ${rows[0].cidr}` }],
    });
}

/** @throws InputError with every field that breaks a rule */
export async function requireSound(
  tx: Transaction,
  subnet: Omit<Subnet, "id" | "name">,
  change: Partial<Subnet>,
  id: number | null,
): Promise<void> {
  const network = parseNetwork(subnet.cidr);
  await requireRow(tx, "vlans", "vlan_id", subnet.vlan_id);
  const racks = (await rackAddresses(tx)).filter((address) => {
    const ip = parseIp(address);
    return network !== undefined && ip !== undefined && holds(network, ip);
  });
  const failures: FieldFailure[] = gatewayFailures(subnet.gateway, subnet.cidr);
  failures.push(...rangeFailures(subnet.dynamic_ranges, { ...subnet, racks }));
  if (subnet.dhcp && network?.version === 6)
    failures.push({ field: "dhcp", value: true, allowed: "must be false: DHCP serves IPv4 subnets only" });
  const touched = change.dhcp === true || change.dynamic_ranges !== undefined;
  if (subnet.dhcp && touched && subnet.dynamic_ranges.length === 0)
    failures.push({
      field: "dynamic_ranges",
      value: [],
      allowed: "must have at least one range where dhcp is true: new machines get their addresses from it",
    });
  if (failures.length === 0 && id !== null)
    for (const { index, what } of await rangeConflicts(tx, id, "dynamic", subnet.dynamic_ranges, { kind: "dynamic" })) {
      const { first, last } = subnet.dynamic_ranges[index] ?? { first: "", last: "" };
      const field = `dynamic_ranges[${index}]`;
      failures.push({ field, value: `${first}-${last}`, allowed: `must not contain ${what}` });
    }
  const [failure] = failures;
  if (failure !== undefined) throw new InputError(`${failure.field} ${failure.allowed}.`, { failures });
}

/** @throws InputError where something of the subnet lies outside of the network it shall become */
export async function requireInside(tx: Transaction, id: number, cidr: string): Promise<void> {
  const { rows } = await sql<{ what: string }>`
    select what from (
      select 'the ' || kind || ' range ' || host(first) || '-' || host(last) as what, first as address, last as other
      from ip_ranges where subnet_id = ${id}
      union all select 'the lease of ' || host(address), address, address from leases where subnet_id = ${id}
      union all select host(address) || ', an address that is set aside', address, address from ip_addresses
        where subnet_id = ${id}
      union all select host(address) || ', which is reserved for ' || mac, address, address from reserved_ips
        where subnet_id = ${id}
    ) as parts where not (address <<= ${cidr}::cidr and other <<= ${cidr}::cidr) limit 1`.execute(tx);
  if (rows[0] !== undefined) throw InputError.field("cidr", cidr, `must go on containing ${rows[0].what}`);
}

/** Addresses of every rack's interfaces as they were told last. */
export async function rackAddresses(db: Kysely<Tables>): Promise<string[]> {
  const racks = await db.selectFrom("racks").select("interfaces").execute();
  return racks.flatMap((rack) =>
    rack.interfaces.flatMap((device) => device.addresses.map((cidr) => cidr.split("/")[0] ?? "")),
  );
}
