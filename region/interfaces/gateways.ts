import { isIPv6 } from "node:net";
import type { Interface, Link } from "./read.ts";

type Linked = Pick<Interface, "links" | "enabled">;
export type Gateway<I extends Linked = Interface> = { link: Link; interface: I; address: string };
export type Gateways<I extends Linked = Interface> = { ipv4: Gateway<I> | null; ipv6: Gateway<I> | null };

/**
 * By which links a node's traffic leaves it: the one somebody chose, else the first whose subnet has a gateway, of each
 * family.
 *
 * @param gatewayOf the gateway of a subnet, null where it has none
 */
export function chooseGateways<I extends Linked>(
  interfaces: readonly I[],
  gatewayOf: (subnetId: number) => string | null,
): Gateways<I> {
  const found: Gateways<I> = { ipv4: null, ipv6: null };
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
