import { BlockList, isIP, isIPv6 } from "node:net";

/** Where deliveries may go: to the Internet only, or to private networks and this host as well. */
export type Reach = "public" | "private";

/** RFC 1918, RFC 6598, RFC 4193, loopback: an operator's own. */
const ownNetworks = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "fc00::/7",
  "::1/128",
];
/** Of the link (where clouds keep their credentials), of groups, reserved: no receiver is there (RFC 6890). */
const nobodys = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "64:ff9b::/96",
  "fe80::/10",
  "ff00::/8",
];

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    list.addSubnet(address, Number(prefix), isIPv6(address) ? "ipv6" : "ipv4");
  }
  return list;
}

/** Why nothing is delivered to an address; null where it may be. */
export function addressRefusal(address: string, reach: Reach): string | null {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const kind = isIP(plain);
  const family = kind === 6 ? "ipv6" : "ipv4";
  // Every other way to write an IPv4 address within an IPv6 one is nobody's, too.
  if (kind === 0 || /^::ffff:/i.test(plain)) return `${address} is no address that can be delivered to`;
  if (listOf(nobodys).check(plain, family)) return `${address} is an address of no receiver`;
  if (reach === "public" && listOf(ownNetworks).check(plain, family))
    return `${address} is in a private network, and the setting webhook_addresses is 'public'`;
  return null;
}
