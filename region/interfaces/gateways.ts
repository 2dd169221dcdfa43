import { isIPv6 } from "node:net";
import type { Interface, Link } from "./read.ts";

export type Gateway = { link: Link; interface: Interface; address: string };
export type Gateways = { ipv4: Gateway | null; ipv6: Gateway | null };

/**
 * By which links a node's traffic leaves it: the one somebody chose, else the first whose subnet has a gateway, of each
 * family.
 *
 * @param gatewayOf the gateway of a subnet, null where it has none
 */
export function chooseGateways(
  interfaces: readonly Interface[],
  gatewayOf: (subnetId: number) => string | null,
): Gateways {
  const found: Gateways = { ipv4: null, ipv6: null };
  for (const one of interfaces)
    for (const link of one.links) {
      const address = link.subnet_id === null || link.mode === "link_up" ? null : gatewayOf(link.subnet_id);
      if (address === null || !one.enabled) continue;
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (found[family] === null || (link.default_gateway && !found[family].link.default_gateway))
        found[family] = { link, interface: one, address };
    }
  return found;
}
