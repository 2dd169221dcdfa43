import { internetChecksum } from "@rackwright/netdev";

/** EtherType of IPv6. */
export const ipv6EtherType = 0x86dd;
/** The Ethernet address of ff02::1, all nodes on the link (RFC 2464 7). */
export const allNodesMac: Uint8Array = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

const ipHeader = 40;
const advertisement = 16;
const icmpv6 = 58;

/**
 * An IPv6 packet to all nodes that says "I am here and route nothing": a Router Advertisement (RFC 4861 4.2) with a
 * router lifetime of 0, no flags, no prefix and nothing to change. Whoever asks for a router knows that there is none;
 * nobody gains an address or a route. The sender is the link-local address made of `mac` (RFC 4291 2.5.1).
 */
export function noRouterPacket(mac: string): Uint8Array {
  const packet = new Uint8Array(ipHeader + advertisement);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, advertisement);
  view.setUint8(6, icmpv6);
  // Neighbour discovery counts only what cannot have come through a router (RFC 4861 6.1.2).
  view.setUint8(7, 255);
  packet.set(linkLocalOf(mac), 8);
  packet.set([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 24);
  view.setUint8(ipHeader, 134);
  // All else stays zero: hop limit, lifetime, reachable time and retransmit timer, each "not specified" or "none".
  view.setUint16(ipHeader + 2, internetChecksum(view, 8, packet.length, advertisement + icmpv6));
  return packet;
}

function linkLocalOf(mac: string): Uint8Array {
  const bytes = mac.split(":").map((text) => Number.parseInt(text, 16));
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) throw new RangeError(`mac ${mac}: six bytes as aa:bb:cc:dd:ee:ff`);
  const [first = 0, second = 0, third = 0, ...last] = bytes;
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, first ^ 2, second, third, 0xff, 0xfe, ...last);
}
