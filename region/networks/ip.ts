import { isIP } from "node:net";

export type IpVersion = 4 | 6;
/** An address of either family as a number. */
export type Ip = { readonly version: IpVersion; readonly value: bigint };
/** Addresses from `first` to `last`, both included. */
export type Span = { readonly first: bigint; readonly last: bigint };
/** A network; `first` and `last` are its outermost addresses. */
export type Network = Span & { readonly version: IpVersion; readonly prefix: number };

const bits = { 4: 32, 6: 128 } as const;

/** Reads an IPv4 address, or an IPv6 address without a zone (RFC 4291 2.2); undefined for any other text. */
export function parseIp(text: string): Ip | undefined {
  const version = isIP(text);
  if (version === 4) return { version, value: parseFour(text) };
  if (version !== 6 || text.includes("%")) return undefined;
  const four = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const low = four?.[2] === undefined ? 0n : parseFour(four[2]);
  const words =
    four?.[1] === undefined ? text : `${four[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  const [head = "", tail] = words.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  const value = [...left, ...zeros, ...right].reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
  return { version: 6, value };
}

const parseFour = (text: string): bigint =>
  text.split(".").reduce((sum, part) => (sum << 8n) | BigInt(Number(part)), 0n);

/** The canonical text of an address: dotted for IPv4, RFC 5952 section 4 for IPv6. */
export function printIp({ version, value }: Ip): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const words = Array.from({ length: 8 }, (_, n) => ((value >> BigInt(112 - 16 * n)) & 0xffffn).toString(16));
  const text = words.join(":");
  // The longest run of at least two zero words, the first of several, becomes "::".
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([run]) => run);
  const longest = runs.reduce((best, run) => (zeros(run) > zeros(best) ? run : best), "");
  return longest === "" ? text : text.replace(longest, "::").replace(/:{3,}/, "::");
}

const zeros = (run: string): number => run.split("0").length - 1;

/** Reads a network such as 10.0.0.0/24 or fd00::/64; bits of the host are dropped. Undefined for any other text. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", length = "", ...more] = text.split("/");
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix > bits[ip.version]) return undefined;
  const size = 1n << BigInt(bits[ip.version] - prefix);
  const first = (ip.value / size) * size;
  return { version: ip.version, prefix, first, last: first + size - 1n };
}

export const printNetwork = ({ version, first, prefix }: Network): string =>
  `${printIp({ version, value: first })}/${prefix}`;

/** Whether the network holds the address. */
export const holds = (network: Network, ip: Ip): boolean =>
  ip.version === network.version && network.first <= ip.value && ip.value <= network.last;

/**
 * Addresses a host may have. IPv4 keeps its first and last for the network and broadcast (but RFC 3021 for a /31), IPv6
 * its first for any router (RFC 4291 2.6.1).
 */
export function hostSpan({ version, prefix, first, last }: Network): Span {
  if (prefix >= bits[version] - 1) return { first, last };
  return version === 4 ? { first: first + 1n, last: last - 1n } : { first: first + 1n, last };
}

/** Addresses that statistics of a network count: IPv4 without network and broadcast address, all of IPv6. */
export const countedSpan = (network: Network): Span =>
  network.version === 4 ? hostSpan(network) : { first: network.first, last: network.last };
