import type { FieldFailure } from "../errors.ts";
import { contains, hostBounds, toAddress, toBlock, toNumber } from "./address.ts";

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
  const block = toBlock(around.cidr);
  const hosts = hostBounds(block);
  const bounds = `${toAddress(hosts.first)} to ${toAddress(hosts.last)}`;
  const failures: FieldFailure[] = [];
  const taken: [string | null, string][] = [
    [around.gateway, "the gateway"],
    ...around.racks.map((address): [string, string] => [address, "a rack controller"]),
    ...around.dns_servers.map((address): [string, string] => [address, "a name server of this subnet"]),
  ];
  for (const [index, { first, last }] of ranges.entries()) {
    const field = `dynamic_ranges[${index}]`;
    const value = `${first}-${last}`;
    const [low, high] = [toNumber(first), toNumber(last)];
    if (low > high) failures.push({ field, value, allowed: "must not end before it begins" });
    if (low < hosts.first || high > hosts.last)
      failures.push({ field, value, allowed: `must lie in ${around.cidr} within ${bounds}` });
    for (const [address, what] of taken)
      if (address !== null && low <= toNumber(address) && toNumber(address) <= high)
        failures.push({ field, value, allowed: `must not contain ${address}, the address of ${what}` });
    for (const [other, range] of ranges.slice(0, index).entries())
      if (toNumber(range.first) <= high && low <= toNumber(range.last))
        failures.push({
          field,
          value,
          allowed: `must not overlap dynamic_ranges[${other}], ${range.first}-${range.last}`,
        });
  }
  return failures;
}

/** The gateway must be a host address of the subnet. */
export function gatewayFailures(gateway: string | null, cidr: string): FieldFailure[] {
  const block = toBlock(cidr);
  const hosts = hostBounds(block);
  if (gateway === null) return [];
  if (contains(block, gateway) && toNumber(gateway) >= hosts.first && toNumber(gateway) <= hosts.last) return [];
  const allowed = `must be an address of ${cidr} within ${toAddress(hosts.first)} to ${toAddress(hosts.last)}`;
  return [{ field: "gateway", value: gateway, allowed }];
}
