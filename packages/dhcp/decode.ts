import { formatMac, readAddress } from "./address.ts";
import { DhcpFormatError, headerLength, magicCookie, type DhcpMessage, type Options } from "./message.ts";

const optionPad = 0;
const optionEnd = 255;
const optionOverload = 52;

/**
 * Reads one UDP payload as a DHCPv4 message (RFC 2131 2). Options may be split over several occurrences (RFC 3396) and
 * over the `file` and `sname` fields (option 52, RFC 2132 9.3). Values are views into `packet`, not copies, unless they
 * had to be joined. Throws DhcpFormatError, and nothing else, on any input.
 *
 * Tolerant where clients in the field are: bytes after the end option, a missing end option and a zero-length option
 * are read; a length that runs over the end of its field is refused.
 */
export function decodeMessage(packet: Uint8Array): DhcpMessage {
  if (packet.length < headerLength)
    throw new DhcpFormatError("length", `${packet.length} bytes, a DHCP message has at least ${headerLength}`);
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const cookie = view.getUint32(236);
  if (cookie !== magicCookie)
    throw new DhcpFormatError("cookie", `0x${cookie.toString(16).padStart(8, "0")} seen, 0x63825363 is DHCP`);
  const hardwareLength = packet[2] ?? 0;
  if (hardwareLength > 16) throw new DhcpFormatError("hlen", `${hardwareLength} seen, at most 16 fit into chaddr`);
  const options: Options = new Map();
  readOptions(packet, headerLength, packet.length, "options", options);
  const overload = options.get(optionOverload)?.[0] ?? 0;
  if ((overload & 1) !== 0) readOptions(packet, 108, 236, "file", options);
  if ((overload & 2) !== 0) readOptions(packet, 44, 108, "sname", options);
  return {
    op: packet[0] ?? 0,
    hardwareType: packet[1] ?? 0,
    hardwareLength,
    hops: packet[3] ?? 0,
    transactionId: view.getUint32(4),
    seconds: view.getUint16(8),
    flags: view.getUint16(10),
    clientAddress: readAddress(packet, 12),
    yourAddress: readAddress(packet, 16),
    serverAddress: readAddress(packet, 20),
    relayAddress: readAddress(packet, 24),
    hardwareAddress: packet.subarray(28, 44),
    mac: formatMac(packet.subarray(28, 28 + hardwareLength)),
    serverName: (overload & 2) === 0 ? readText(packet, 44, 108) : "",
    bootFile: (overload & 1) === 0 ? readText(packet, 108, 236) : "",
    options,
  };
}

function readOptions(packet: Uint8Array, from: number, to: number, field: string, into: Options): void {
  let at = from;
  while (at < to) {
    const code = packet[at] ?? 0;
    at += 1;
    if (code === optionPad) continue;
    if (code === optionEnd) return;
    if (at >= to) throw new DhcpFormatError(field, `option ${code} has no length byte`);
    const length = packet[at] ?? 0;
    at += 1;
    if (at + length > to)
      throw new DhcpFormatError(field, `option ${code} of ${length} bytes runs over the end, ${to - at} are left`);
    const value = packet.subarray(at, at + length);
    const earlier = into.get(code);
    into.set(code, earlier === undefined ? value : joined(earlier, value));
    at += length;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function readText(packet: Uint8Array, from: number, to: number): string {
  if (packet[from] === 0) return "";
  let end = from;
  while (end < to && packet[end] !== 0) end += 1;
  return Buffer.from(packet.buffer, packet.byteOffset + from, end - from).toString("latin1");
}
