import { MalformedPacket } from "./error.ts";
import { Opcode } from "./opcode.ts";
import { decodeOptionAck, decodeRequest, type Options, type Request } from "./request.ts";

/** Block numbers are 16 bits on the wire and wrap from 65535 to 0. */
export interface Data {
  readonly kind: "data";
  readonly block: number;
  readonly payload: Uint8Array;
}
export interface Acknowledgment {
  readonly kind: "ack";
  readonly block: number;
}
export interface ErrorPacket {
  readonly kind: "error";
  readonly code: number;
  readonly message: string;
}
export interface OptionAck {
  readonly kind: "oack";
  readonly options: Options;
}
export type Packet = Request | Data | Acknowledgment | ErrorPacket | OptionAck;

/** Longest error text kept from a peer; it ends up in events and logs. */
export const MAX_ERROR_TEXT = 200;

/**
 * Decode any TFTP packet (RFC 1350 §5, RFC 2347). `payload` of DATA is a view, not a copy.
 * @throws MalformedPacket
 */
export function decodePacket(datagram: Uint8Array): Packet {
  if (datagram.length < 4) throw new MalformedPacket("too-short", `${datagram.length} bytes, at least 4 are needed`);
  const opcode = u16(datagram, 0);
  switch (opcode) {
    case Opcode.readRequest:
    case Opcode.writeRequest:
      return decodeRequest(datagram);
    case Opcode.data:
      return { kind: "data", block: u16(datagram, 2), payload: datagram.subarray(4) };
    case Opcode.acknowledgment:
      return { kind: "ack", block: u16(datagram, 2) };
    case Opcode.error:
      return { kind: "error", code: u16(datagram, 2), message: errorText(datagram) };
    case Opcode.optionAck:
      return { kind: "oack", options: decodeOptionAck(datagram) };
    default:
      throw new MalformedPacket("unknown-opcode", `opcode ${opcode}, known are 1 to 6`);
  }
}

/** DATA with its 4 octets of header; the payload is copied. */
export function encodeData(block: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const packet = Buffer.allocUnsafe(4 + payload.length);
  packet.writeUInt16BE(Opcode.data, 0);
  packet.writeUInt16BE(block & 0xffff, 2);
  packet.set(payload, 4);
  return packet;
}

export function encodeAck(block: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0, Opcode.acknowledgment, (block >>> 8) & 0xff, block & 0xff);
}

/** ERROR; a NUL inside the text would end it early, so it becomes a space. */
export function encodeError(code: number, message: string): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(message.replaceAll("\0", " ").slice(0, MAX_ERROR_TEXT), "utf8");
  const packet = Buffer.alloc(5 + text.length);
  packet.writeUInt16BE(Opcode.error, 0);
  packet.writeUInt16BE(code & 0xffff, 2);
  packet.set(text, 4);
  return packet;
}

/** Printable text of an ERROR; a missing final NUL is tolerated because several ROMs forget it. */
function errorText(datagram: Uint8Array): string {
  const end = datagram.indexOf(0, 4);
  const bytes = datagram.subarray(4, Math.min(end < 0 ? datagram.length : end, 4 + MAX_ERROR_TEXT));
  // oxlint-disable-next-line no-control-regex -- a peer's control characters must not reach a terminal or a log
  return new TextDecoder().decode(bytes).replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
