import { BlockList } from "node:net";
import type { networkInterfaces } from "node:os";
import { CliError } from "./errors.ts";

/** What `os.networkInterfaces()` gives; it leaves out interfaces without an address. */
export type Addresses = ReturnType<typeof networkInterfaces>;

/**
 * Looks over what `up` is asked to serve: the names that exist on this host, the addresses they have and the networks in
 * which new machines shall be answered. What may still come, an address or a relay, is a warning and not an error.
 *
 * @throws CliError for an interface that does not exist
 */
export function reviewInterfaces(wish: {
  readonly interfaces: readonly string[];
  readonly networks: readonly string[];
  readonly existing: readonly string[];
  readonly addresses: Addresses;
}): string[] {
  const { interfaces, networks, existing, addresses } = wish;
  for (const name of interfaces) {
    if (!existing.includes(name))
      throw new CliError(
        `--interface ${name}: there is no such interface.`,
        `This host has ${existing.toSorted().join(", ")}.`,
        2,
      );
  }
  const own = (name: string): string[] =>
    (addresses[name] ?? []).filter(({ family }) => family === "IPv4").map(({ address }) => address);
  const served = interfaces.length > 0 ? interfaces : existing;
  const bare = interfaces
    .filter((name) => own(name).length === 0)
    .map((name) => `${name} has no IPv4 address; it is served as soon as it has one.`);
  const foreign = networks
    .filter((network) => !served.flatMap(own).some((address) => within(network, address)))
    .map(
      (network) =>
        `No interface served here has an address in ${network}: only what a DHCP relay there forwards is answered.`,
    );
  return [...bare, ...foreign];
}

function within(network: string, address: string): boolean {
  const [first = "", prefix = ""] = network.split("/");
  const list = new BlockList();
  try {
    list.addSubnet(first, Number(prefix), "ipv4");
  } catch {
    // Whether it is a network at all is the region's to say.
    return true;
  }
  return list.check(address, "ipv4");
}
