import { hostSpan, type Span } from "./ip.ts";
import { cut, isFree, sizeOf, type Usage } from "./usage.ts";

export type Suggestions = { gateway: bigint | null; dynamicRange: Span | null };

/**
 * What an operator may want for a subnet that has none yet: a gateway (its first address, else its last), and a dynamic
 * range at the end of the longest free stretch, a quarter of the subnet at most. Both are free, and apart.
 */
export function suggest(usage: Usage): Suggestions {
  const has = (purpose: string) => usage.stretches.some(({ purposes }) => purposes.some((one) => one === purpose));
  const free = usage.stretches.filter(isFree);
  const hosts = hostSpan(usage.network);
  const isOpen = (value: bigint) => free.some(({ first, last }) => first <= value && value <= last);
  const gateway = has("gateway-ip") ? null : ([hosts.first, hosts.last].find(isOpen) ?? null);
  if (has("dynamic")) return { gateway, dynamicRange: null };
  const rest = free.flatMap((stretch) =>
    gateway === null
      ? [stretch]
      : cut(stretch, [{ first: gateway, last: gateway, purpose: "gateway-ip" }]).filter(isFree),
  );
  const longest = rest.reduce<Span | null>(
    (most, one) => (most === null || sizeOf(one) > sizeOf(most) ? one : most),
    null,
  );
  if (longest === null) return { gateway, dynamicRange: null };
  const quarter = usage.total / 4n > 0n ? usage.total / 4n : 1n;
  const size = sizeOf(longest) < quarter ? sizeOf(longest) : quarter;
  return { gateway, dynamicRange: { first: longest.last - size + 1n, last: longest.last } };
}
