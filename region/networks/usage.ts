import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { missing } from "./change.ts";
import { countedSpan, hostSpan, type Network, parseIp, parseNetwork, type Span } from "./ip.ts";
import { ofMachine } from "./lease-rows.ts";

/** What addresses can be for, in MAAS's words. */
export type Purpose =
  | "gateway-ip"
  | "dns-server"
  | "dynamic"
  | "reserved"
  | "assigned-ip"
  | "rfc-4291-2.6.1"
  | "unmanaged";
export type Used = Span & { readonly purpose: Purpose };
/** Addresses in a row that are for the same; for nothing: free. */
export type Stretch = Span & { readonly purposes: readonly Purpose[] };

export type Usage = {
  readonly network: Network;
  /** Addresses that count: without an IPv4 subnet's network and broadcast address. */
  readonly whole: Span;
  /** Every address of `whole` once, in order. */
  readonly stretches: readonly Stretch[];
  readonly total: bigint;
  readonly used: bigint;
  readonly free: bigint;
  readonly largestFree: bigint;
};

export const sizeOf = ({ first, last }: Span): bigint => last - first + 1n;
export const isFree = ({ purposes }: Stretch): boolean => purposes.length === 0;

/** Cuts the whole into stretches by what its addresses are for. What lies outside of it does not count. */
export function cut(whole: Span, used: readonly Used[]): Stretch[] {
  const edges = used.flatMap(({ first, last, purpose }) => {
    if (last < whole.first || first > whole.last) return [];
    const begin = { at: first < whole.first ? whole.first : first, purpose, step: 1 };
    return last >= whole.last ? [begin] : [begin, { at: last + 1n, purpose, step: -1 }];
  });
  edges.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  const stretches: Stretch[] = [];
  const open = new Map<Purpose, number>();
  let first = whole.first;
  const close = (last: bigint): void => {
    if (last < first) return;
    const purposes = [...open].flatMap(([purpose, count]) => (count > 0 ? [purpose] : [])).sort();
    const before = stretches.at(-1);
    if (before !== undefined && before.purposes.join() === purposes.join())
      stretches.splice(-1, 1, { ...before, last });
    else stretches.push({ first, last, purposes });
  };
  for (const { at, purpose, step } of edges) {
    if (at > first) {
      close(at - 1n);
      first = at;
    }
    open.set(purpose, (open.get(purpose) ?? 0) + step);
  }
  close(whole.last);
  return stretches;
}

/**
 * What the addresses of a network are for, and how many are free.
 *
 * @param managed where false, only what lies in reserved ranges is ours to give: the rest is not free, and they are
 */
export function usageOf(network: Network, used: readonly Used[], managed: boolean): Usage {
  const whole = countedSpan(network);
  const taken = managed ? [...used] : used.filter(({ purpose }) => purpose !== "reserved");
  if (!managed) {
    const ours = used.filter(({ purpose }) => purpose === "reserved");
    for (const stretch of cut(whole, ours)) if (isFree(stretch)) taken.push({ ...stretch, purpose: "unmanaged" });
  }
  // The first address of an IPv6 network is any router's (RFC 4291 2.6.1).
  const { first } = hostSpan(network);
  if (network.version === 6 && first > network.first)
    taken.push({ first: network.first, last: network.first, purpose: "rfc-4291-2.6.1" });
  const stretches = cut(whole, taken);
  const sizes = stretches.filter(isFree).map(sizeOf);
  const total = sizeOf(whole);
  const free = sizes.reduce((sum, size) => sum + size, 0n);
  const largestFree = sizes.reduce((most, size) => (size > most ? size : most), 0n);
  return { network, whole, stretches, total, free, used: total - free, largestFree };
}

/** How the addresses of a subnet are used now. @throws NotFound */
export async function readUsage(db: Kysely<Tables>, id: number, now: Date): Promise<Usage> {
  const subnet = await db
    .selectFrom("subnets")
    .select([sql<string>`cidr::text`.as("cidr"), "managed"])
    .where("id", "=", id)
    .executeTakeFirst();
  const network = parseNetwork(subnet?.cidr ?? "");
  if (subnet === undefined || network === undefined) throw missing("subnets", id);
  const { rows } = await sql<{ first: string; last: string; purpose: Purpose }>`
    select host(first) as first, host(last) as last, kind as purpose from ip_ranges where subnet_id = ${id}
    union all
    select host(one.address), host(one.address), one.purpose from (
      select gateway as address, 'gateway-ip' as purpose from subnets where id = ${id} and gateway is not null
      union all select unnest(dns_servers), 'dns-server' from subnets where id = ${id}
      union all select address, 'assigned-ip' from ip_addresses where address <<= ${subnet.cidr}::cidr
      union all select address, 'reserved' from reserved_ips where subnet_id = ${id}
      union all select address, 'assigned-ip' from leases
        where subnet_id = ${id} and (expires_at > ${now} or state <> 'declined' and ${ofMachine("leases.mac")})
      union all select host(a.cidr::inet)::inet, 'assigned-ip' from racks,
        jsonb_to_recordset(interfaces) as i(addresses jsonb), jsonb_array_elements_text(i.addresses) as a(cidr)
    ) as one where one.address <<= ${subnet.cidr}::cidr`.execute(db);
  const used = rows.flatMap((row): Used[] => {
    const [first, last] = [parseIp(row.first), parseIp(row.last)];
    return first === undefined || last === undefined
      ? []
      : [{ first: first.value, last: last.value, purpose: row.purpose }];
  });
  return usageOf(network, used, subnet.managed);
}
