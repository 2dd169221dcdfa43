import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { FieldFailure } from "../errors.ts";
import { holds, hostSpan, type Network, parseIp, parseNetwork, printIp } from "./ip.ts";

export type Range = { readonly first: string; readonly last: string };

/** What a subnet's ranges are checked against. */
export type RangeSurroundings = {
  readonly cidr: string;
  readonly gateway: string | null;
  /** Addresses racks have on this subnet. */
  readonly racks: readonly string[];
  readonly dns_servers: readonly string[];
};

/**
 * The rules for dynamic ranges: inside the subnet's host addresses, first not after last, not overlapping one another,
 * and without the addresses of the gateway, the subnet's own name servers and racks. Returns every failure, none if
 * all is well.
 */
export function rangeFailures(ranges: readonly Range[], around: RangeSurroundings): FieldFailure[] {
  const network = parseNetwork(around.cidr);
  const failures: FieldFailure[] = [];
  const taken: [string | null, string][] = [
    [around.gateway, "the gateway"],
    ...around.racks.map((address): [string, string] => [address, "a rack controller"]),
    ...around.dns_servers.map((address): [string, string] => [address, "a name server of this subnet"]),
  ];
  const spans = ranges.map(({ first, last }) => ({ low: parseIp(first), high: parseIp(last) }));
  for (const [index, { first, last }] of ranges.entries()) {
    const field = `dynamic_ranges[${index}]`;
    const value = `${first}-${last}`;
    failures.push(...spanFailures({ first, last }, around.cidr).map(({ allowed }) => ({ field, value, allowed })));
    const { low, high } = spans[index] ?? {};
    if (network === undefined || low === undefined || high === undefined) continue;
    for (const [address, what] of taken) {
      const ip = address === null ? undefined : parseIp(address);
      if (ip?.version === low.version && low.value <= ip.value && ip.value <= high.value)
        failures.push({ field, value, allowed: `must not contain ${address}, the address of ${what}` });
    }
    for (const [other, range] of ranges.slice(0, index).entries()) {
      const [its, end] = [spans[other]?.low, spans[other]?.high];
      if (its?.version === low.version && end !== undefined && its.value <= high.value && low.value <= end.value)
        failures.push({
          field,
          value,
          allowed: `must not overlap dynamic_ranges[${other}], ${range.first}-${range.last}`,
        });
    }
  }
  return failures;
}

/** What is wrong with a range of the subnet by itself: its end before its beginning, or addresses that are no host's. */
export function spanFailures({ first, last }: Range, cidr: string): FieldFailure[] {
  const network = parseNetwork(cidr);
  const [low, high] = [parseIp(first), parseIp(last)];
  const failures: FieldFailure[] = [];
  if (network === undefined) return failures;
  const hosts = hostSpan(network);
  if (low !== undefined && high !== undefined && low.version === high.version && low.value > high.value)
    failures.push({ field: "last", value: last, allowed: "must not end before it begins" });
  const allowed = `must lie in ${cidr} within ${bounds(network)}`;
  for (const [field, value, ip] of [
    ["first", first, low],
    ["last", last, high],
  ] as const)
    if (failures.every((known) => known.allowed !== allowed))
      if (ip?.version !== network.version || ip.value < hosts.first || ip.value > hosts.last)
        failures.push({ field, value, allowed });
  return failures;
}

/** The gateway must be a host address of the subnet; an IPv6 router may have a link-local one instead. */
export function gatewayFailures(gateway: string | null, cidr: string): FieldFailure[] {
  const network = parseNetwork(cidr);
  if (gateway === null || network === undefined) return [];
  const ip = parseIp(gateway);
  if (ip?.version === 6 && network.version === 6 && ip.value >> 118n === 0xfe80n >> 6n) return [];
  const hosts = hostSpan(network);
  if (ip !== undefined && holds(network, ip) && hosts.first <= ip.value && ip.value <= hosts.last) return [];
  return [{ field: "gateway", value: gateway, allowed: `must be an address of ${cidr} within ${bounds(network)}` }];
}

function bounds(network: Network): string {
  const { first, last } = hostSpan(network);
  const { version } = network;
  return `${printIp({ version, value: first })} to ${printIp({ version, value: last })}`;
}

/**
 * What of the subnet is in the way of its ranges, by the index of the range: other ranges, and for dynamic ones addresses
 * that are somebody's. Ranges that `except` names do not count.
 */
export async function rangeConflicts(
  db: Kysely<Tables>,
  subnetId: number,
  type: "dynamic" | "reserved",
  ranges: readonly Range[],
  except: { id?: number; kind?: "dynamic" },
): Promise<{ index: number; what: string }[]> {
  if (ranges.length === 0) return [];
  const { rows } = await sql<{ index: number; what: string }>`
    select w.index, o.what
    from unnest(${ranges.map((_, index) => index)}::int[], ${ranges.map(({ first }) => first)}::inet[],
                ${ranges.map(({ last }) => last)}::inet[]) as w(index, first, last)
    cross join lateral (
      select 'the ' || r.kind || ' range ' || host(r.first) || '-' || host(r.last) as what from ip_ranges r
      where r.subnet_id = ${subnetId} and r.first <= w.last and r.last >= w.first
        and r.id is distinct from ${except.id ?? null}::bigint and r.kind is distinct from ${except.kind ?? null}::text
      union all
      select host(a.address) || ', an address that is set aside' from ip_addresses a
      where ${type} = 'dynamic' and a.address between w.first and w.last
      union all
      select host(a.address) || ', which is reserved for ' || a.mac from reserved_ips a
      where ${type} = 'dynamic' and a.address between w.first and w.last
      limit 1
    ) o order by w.index`.execute(db);
  return rows;
}
