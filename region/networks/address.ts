/** An IPv4 network as numbers: `first` is the network address, `last` the broadcast address. */
export type Block = { readonly first: number; readonly last: number; readonly prefix: number };

/** 0…2^32-1 of a dotted IPv4 address that was checked before. */
export function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Dotted form of 0…2^32-1. */
export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** The network a CIDR text lies in; host bits are ignored. */
export function toBlock(cidr: string): Block {
  const [address = "", prefixText = ""] = cidr.split("/");
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1, prefix };
}

/** Canonical text of the network, host bits zero. */
export function networkOf(cidr: string): string {
  const { first, prefix } = toBlock(cidr);
  return `${toAddress(first)}/${prefix}`;
}

export function contains(block: Block, address: string): boolean {
  const number = toNumber(address);
  return number >= block.first && number <= block.last;
}
