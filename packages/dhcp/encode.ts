import { parseMac, writeAddress } from "./address.ts";
import { DhcpFormatError, headerLength, magicCookie, type DhcpMessage } from "./message.ts";

/** Smallest message ever sent: BOOTP relays and old clients drop shorter ones (RFC 1542 2.1). */
export const smallestMessage = 300;
/** What every client must take: a datagram of 576 bytes less IP and UDP headers (RFC 2131 2). */
export const defaultLargestMessage = 548;

/** What was written, and the codes of options for which there was no room. */
export interface EncodedMessage {
  bytes: Uint8Array;
  dropped: number[];
}

interface Piece {
  code: number;
  value: Uint8Array;
}

/** `encodeMessage` when nothing may be left out: throws DhcpFormatError instead of dropping an option. */
export function encodeWholeMessage(message: DhcpMessage, largest = 1472): Uint8Array {
  const { bytes, dropped } = encodeMessage(message, largest);
  if (dropped.length > 0)
    throw new DhcpFormatError("options", `option ${dropped.join(", ")} did not fit into ${largest} bytes`);
  return bytes;
}

/**
 * Writes a DHCPv4 message of at most `largest` bytes (UDP payload). Option 53 comes first and option 82 last (RFC 3046
 * 2.2), the others in the order of the map. Values longer than 255 bytes are split (RFC 3396); what does not fit goes
 * into `file`, then `sname`, where these are empty (option 52); what still does not fit is left out and named in
 * `dropped`, never cut short.
 */
export function encodeMessage(message: DhcpMessage, largest: number = defaultLargestMessage): EncodedMessage {
  const room = Math.max(largest, smallestMessage);
  const bytes = new Uint8Array(room);
  writeHeader(bytes, message);
  const pieces = orderedPieces(message);
  const agent = message.options.get(82);
  // The end option, and option 82 with it, must always find their place in the main field.
  const reserved = 1 + (agent === undefined ? 0 : pieceLength(agent));
  let at = headerLength;
  let needed = reserved;
  for (const piece of pieces) needed += pieceLength(piece.value);
  const dropped: number[] = [];
  if (headerLength + needed <= room) for (const piece of pieces) at = writePiece(bytes, at, piece);
  else at = writeOverloaded(bytes, room - reserved, message, pieces, dropped);
  if (agent !== undefined) at = writePiece(bytes, at, { code: 82, value: agent });
  bytes[at] = 255;
  return { bytes: bytes.subarray(0, Math.max(at + 1, smallestMessage)), dropped };
}

function writeHeader(bytes: Uint8Array, message: DhcpMessage): void {
  const view = new DataView(bytes.buffer);
  bytes[0] = message.op;
  bytes[1] = message.hardwareType;
  bytes[2] = message.hardwareLength;
  bytes[3] = message.hops;
  view.setUint32(4, message.transactionId);
  view.setUint16(8, message.seconds);
  view.setUint16(10, message.flags);
  writeAddress(bytes, 12, message.clientAddress);
  writeAddress(bytes, 16, message.yourAddress);
  writeAddress(bytes, 20, message.serverAddress);
  writeAddress(bytes, 24, message.relayAddress);
  bytes.set(message.hardwareAddress.length === 0 ? parseMac(message.mac) : message.hardwareAddress.subarray(0, 16), 28);
  if (message.serverName !== "") writeText(bytes, 44, 64, "sname", message.serverName);
  if (message.bootFile !== "") writeText(bytes, 108, 128, "file", message.bootFile);
  view.setUint32(236, magicCookie);
}

function writeText(bytes: Uint8Array, at: number, room: number, field: string, text: string): void {
  const value = Buffer.from(text, "latin1");
  if (value.length >= room) throw new DhcpFormatError(field, `${value.length} bytes, at most ${room - 1} fit`);
  bytes.set(value, at);
}

function orderedPieces(message: DhcpMessage): Piece[] {
  const pieces: Piece[] = [];
  const type = message.options.get(53);
  if (type !== undefined) pieces.push({ code: 53, value: type });
  for (const [code, value] of message.options) {
    if (code === 53 || code === 82 || code === 52) continue;
    if (code <= 0 || code >= 255) throw new DhcpFormatError("options", `code ${code} seen, 1 to 254 can be sent`);
    pieces.push({ code, value });
  }
  return pieces;
}

/** Bytes a value takes on the wire, with the headers of all its pieces. */
function pieceLength(value: Uint8Array): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / 255));
}

function writePiece(bytes: Uint8Array, from: number, { code, value }: Piece): number {
  let at = from;
  let done = 0;
  do {
    const length = Math.min(255, value.length - done);
    bytes[at] = code;
    bytes[at + 1] = length;
    bytes.set(length === value.length ? value : value.subarray(done, done + length), at + 2);
    at += 2 + length;
    done += length;
  } while (done < value.length);
  return at;
}

/** Places each option where it first fits: main field, `file`, `sname`. An option is never split across two fields. */
function writeOverloaded(
  bytes: Uint8Array,
  mainEnd: number,
  message: DhcpMessage,
  pieces: Piece[],
  dropped: number[],
): number {
  const fields = [{ at: headerLength, end: mainEnd - 3, bit: 0 }];
  if (message.bootFile === "") fields.push({ at: 108, end: 235, bit: 1 });
  if (message.serverName === "") fields.push({ at: 44, end: 107, bit: 2 });
  let used = 0;
  for (const piece of pieces) {
    const field = fields.find(({ at, end }) => at + pieceLength(piece.value) <= end);
    if (field === undefined) {
      dropped.push(piece.code);
      continue;
    }
    field.at = writePiece(bytes, field.at, piece);
    used |= field.bit;
  }
  for (const field of fields.slice(1)) if ((used & field.bit) !== 0) bytes[field.at] = 255;
  const main = fields[0]?.at ?? headerLength;
  return used === 0 ? main : writePiece(bytes, main, { code: 52, value: Uint8Array.of(used) });
}
