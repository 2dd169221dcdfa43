import { readAddress, writeAddress } from "./address.ts";
import { MessageType, type MessageTypeName, type Options } from "./message.ts";

const typeNames = new Map<number, MessageTypeName>(
  (Object.keys(MessageType) as MessageTypeName[]).map((name) => [MessageType[name], name]),
);

/** The name of the message type (option 53), or undefined when absent, of a wrong length or unknown. */
export function messageTypeOf(options: Options): MessageTypeName | undefined {
  const value = options.get(53);
  return value?.length === 1 ? typeNames.get(value[0] ?? 0) : undefined;
}

/** An option of one address; undefined when absent or shorter than four bytes. */
export function readAddressOption(options: Options, code: number): string | undefined {
  const value = options.get(code);
  return value === undefined || value.length < 4 ? undefined : readAddress(value, 0);
}

/** An option that lists addresses; a rest of less than four bytes is ignored. */
export function readAddresses(value: Uint8Array): string[] {
  return Array.from({ length: value.length >> 2 }, (_, index) => readAddress(value, index * 4));
}

/** A 16-bit option; undefined when absent or of another length. */
export function readU16Option(options: Options, code: number): number | undefined {
  const value = options.get(code);
  return value?.length === 2 ? ((value[0] ?? 0) << 8) | (value[1] ?? 0) : undefined;
}

/** A list of 16-bit numbers (option 93); an odd last byte is ignored. */
export function readU16s(value: Uint8Array): number[] {
  return Array.from({ length: value.length >> 1 }, (_, i) => ((value[2 * i] ?? 0) << 8) | (value[2 * i + 1] ?? 0));
}

/** A 32-bit option, unsigned; undefined when absent or of another length. */
export function readU32Option(options: Options, code: number): number | undefined {
  const value = options.get(code);
  if (value?.length !== 4) return undefined;
  return new DataView(value.buffer, value.byteOffset, 4).getUint32(0);
}

/** A text option without the NULs some clients put at its end (RFC 2132 2); undefined when absent. */
export function readTextOption(options: Options, code: number): string | undefined {
  const value = options.get(code);
  return value === undefined ? undefined : readText(value);
}

/** Bytes as text: UTF-8 where it is, else Latin-1; NULs at the end are dropped. */
export function readText(value: Uint8Array): string {
  let end = value.length;
  while (end > 0 && value[end - 1] === 0) end -= 1;
  const bytes = Buffer.from(value.buffer, value.byteOffset, end);
  const text = bytes.toString("utf8");
  return text.includes("\uFFFD") ? bytes.toString("latin1") : text;
}

/** The value of an option of addresses. Throws DhcpFormatError on a text that is no address. */
export function addressesValue(...addresses: readonly string[]): Uint8Array {
  const value = new Uint8Array(addresses.length * 4);
  for (const [index, address] of addresses.entries()) writeAddress(value, index * 4, address);
  return value;
}

export function u8Value(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function u16Value(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255);
}

export function u32Value(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** Text as it goes into an option. `nul` adds the zero byte that several PXE ROMs need behind options 66 and 67. */
export function textValue(text: string, nul = false): Uint8Array {
  return Buffer.from(nul ? `${text}\0` : text, "utf8");
}

/**
 * The host name a client gives itself (option 12, else option 81 of RFC 4702 in ASCII form), reduced to its first label
 * in lower case; undefined when there is none or when it is not a DNS label (RFC 1123 2.1).
 */
export function readHostname(options: Options): string | undefined {
  const fqdn = options.get(81);
  const text = readTextOption(options, 12) ?? (fqdn === undefined ? undefined : readText(fqdn.subarray(3)));
  const label = text?.split(".", 1)[0]?.toLowerCase();
  return label !== undefined && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label) ? label : undefined;
}

/**
 * User class (option 77) in both forms met in the field: the length-prefixed list of RFC 3004 4, and the bare text that
 * iPXE sends.
 */
export function readUserClass(value: Uint8Array): string[] {
  const classes: string[] = [];
  let at = 0;
  while (at < value.length) {
    const length = value[at] ?? 0;
    if (length === 0 || at + 1 + length > value.length) return [readText(value)];
    classes.push(readText(value.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return classes;
}
