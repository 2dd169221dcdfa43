import { concat, Reader } from "./bytes.ts";

/** IANA enterprise number of ASF, as ASF messages carry it (big-endian). */
const ASF_IANA = [0x00, 0x00, 0x11, 0xbe];
const PONG = 0x40;
const PING = 0x80;

/** The tag of an ASF Presence Ping (IPMI 2.0 §13.2.3), or undefined for any other ASF message. */
export function decodePing(body: Uint8Array): { readonly tag: number } | undefined {
  const reader = new Reader(body, "ASF message");
  reader.take(4);
  return reader.u8() === PING ? { tag: reader.u8() } : undefined;
}

/** The Presence Pong that says "IPMI is spoken here" (IPMI 2.0 §13.2.4). */
export function encodePong(tag: number): Uint8Array {
  return concat(ASF_IANA, [PONG, tag, 0, 16], ASF_IANA, [0, 0, 0, 0, 0x81, 0, 0, 0, 0, 0, 0, 0]);
}
