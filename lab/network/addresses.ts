/** An IPv4 network: its first address as a number, its prefix length and how many addresses it has. */
export interface Network {
  readonly first: number;
  readonly prefix: number;
  readonly size: number;
}

/** Reads a network in CIDR form; host bits are cut off. The text has been checked. */
export function networkOf(cidr: string): Network {
  const [address = "", prefixText = ""] = cidr.split("/");
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  const number = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return { first: number - (number % size), prefix, size };
}

/** Whether two networks share an address. */
export function overlap(a: Network, b: Network): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

/** The address at an offset from the start of a network. */
export function addressAt(network: Network, offset: number): string {
  return formatAddress(network.first + offset);
}

/** A number as a dotted address. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** The mask of a network in dotted form. */
export function netmaskOf(network: Network): string {
  return formatAddress(2 ** 32 - network.size);
}
