import { isIPv6 } from "node:net";

/**
 * An address as what comes from it is counted: of IPv6 the network of 64 bits, all of which one host may have (RFC 4291
 * section 2.5.4); an IPv4 address, also one written as IPv6 (`::ffff:192.0.2.1`), itself. Anything else stays.
 */
export function countedAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const [bare = ""] = address.split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  // A dotted end is two groups, which are not of the network.
  const [head = "", tail] = bare
    .toLowerCase()
    .replace(/\d+\.\d+\.\d+\.\d+$/, "0:0")
    .split("::");
  const groups = (text: string | undefined): string[] => (text ? text.split(":") : []);
  const [front, back] = [groups(head), groups(tail)];
  const all = [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0"), ...back];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
