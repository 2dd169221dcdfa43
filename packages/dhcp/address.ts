import { DhcpFormatError } from "./message.ts";

/** Four bytes at `at` as dotted text. */
export function readAddress(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** Dotted text as an unsigned 32-bit number. Throws DhcpFormatError when it is not an IPv4 address. */
export function addressToNumber(text: string): number {
  let value = 0;
  let part = -1;
  let parts = 0;
  for (let index = 0; index <= text.length; index += 1) {
    const code = index === text.length ? 46 : text.charCodeAt(index);
    if (code === 46) {
      if (part < 0) return badAddress(text);
      value = value * 256 + part;
      part = -1;
      parts += 1;
    } else if (code >= 48 && code <= 57 && part !== 0) {
      part = (part < 0 ? 0 : part) * 10 + code - 48;
      if (part > 255) return badAddress(text);
    } else return badAddress(text);
  }
  return parts === 4 ? value : badAddress(text);
}

function badAddress(text: string): never {
  throw new DhcpFormatError("address", `${JSON.stringify(text)} is not an IPv4 address such as 10.0.0.1`);
}

/** An unsigned 32-bit number as dotted text. */
export function addressFromNumber(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** Writes dotted text as four bytes at `at`. Throws DhcpFormatError when it is not an IPv4 address. */
export function writeAddress(bytes: Uint8Array, at: number, text: string): void {
  const value = addressToNumber(text);
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 255;
  bytes[at + 2] = (value >>> 8) & 255;
  bytes[at + 3] = value & 255;
}

/** A network in CIDR form as numbers, so that membership is one comparison. */
export interface Network {
  base: number;
  prefix: number;
  mask: number;
  broadcast: number;
}

/** Parses `10.0.0.0/24`; host bits are dropped. Throws DhcpFormatError on anything else. */
export function parseNetwork(cidr: string): Network {
  const slash = cidr.indexOf("/");
  const length = cidr.slice(slash + 1);
  const prefix = Number(length);
  if (slash < 0 || !/^\d{1,2}$/.test(length) || prefix > 32)
    throw new DhcpFormatError("network", `${JSON.stringify(cidr)} is not an IPv4 network such as 10.0.0.0/24`);
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  const base = (addressToNumber(cidr.slice(0, slash)) & mask) >>> 0;
  return { base, prefix, mask, broadcast: (base | (~mask >>> 0)) >>> 0 };
}

/** Is the address (as a number) inside the network? */
export function networkHolds(network: Network, address: number): boolean {
  return (address & network.mask) >>> 0 === network.base;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes as lower-case hexadecimal pairs joined by colons: the one text form of a hardware address. */
export function formatMac(bytes: Uint8Array): string {
  if (bytes.length === 6) {
    const [a, b, c, d, e, f] = bytes as unknown as [number, number, number, number, number, number];
    return `${hexPairs[a]}:${hexPairs[b]}:${hexPairs[c]}:${hexPairs[d]}:${hexPairs[e]}:${hexPairs[f]}`;
  }
  return Array.from(bytes, (byte) => hexPairs[byte]).join(":");
}

/** The bytes of a hardware address in text form. Throws DhcpFormatError. */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){0,15}$/i.test(text))
    throw new DhcpFormatError("mac", `${JSON.stringify(text)} is not a hardware address such as 52:54:00:12:34:56`);
  return Uint8Array.from(text.split(/[:-]/), (pair) => Number.parseInt(pair, 16));
}
