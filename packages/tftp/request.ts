import { MalformedPacket } from "./error.ts";
import { Opcode } from "./opcode.ts";

/** Transfer modes still in use; `mail` (RFC 1350 §1) is obsolete and refused by the decoder. */
export type Mode = "octet" | "netascii";

/** Option names in lower case with their values as text, in the order they were sent (RFC 2347). */
export type Options = ReadonlyMap<string, string>;

/** Read or write request (RFC 1350 §5, figure 5-1, extended by RFC 2347). */
export interface Request {
  readonly kind: "read" | "write";
  /** As sent: neither normalised nor trusted. UTF-8, invalid bytes become U+FFFD. */
  readonly path: string;
  readonly mode: Mode;
  readonly options: Options;
}

/** RFC 2347 keeps a request within 512 octets; some loaders send long paths, so twice that is read. */
export const MAX_REQUEST_BYTES = 1024;
const MAX_OPTIONS = 16;

/**
 * Decode RRQ and WRQ. A repeated option counts once, the first time (RFC 2347 leaves it open).
 * Bytes after the last complete option are tolerated only when they are all NUL: some ROMs pad.
 * @throws MalformedPacket
 */
export function decodeRequest(datagram: Uint8Array): Request {
  if (datagram.length > MAX_REQUEST_BYTES) {
    throw new MalformedPacket(
      "too-long",
      `request of ${datagram.length} bytes, at most ${MAX_REQUEST_BYTES} are allowed`,
    );
  }
  const strings = splitStrings(datagram);
  const [path, modeText, ...rest] = strings;
  if (path === undefined || modeText === undefined) {
    throw new MalformedPacket("unterminated-string", "request needs a file name and a mode, each ended by NUL");
  }
  if (path === "") throw new MalformedPacket("empty-file-name", "request with an empty file name");
  const mode = modeText.toLowerCase();
  if (mode !== "octet" && mode !== "netascii") {
    throw new MalformedPacket("unknown-mode", `mode ${JSON.stringify(modeText)}, allowed are octet and netascii`);
  }
  while (rest.at(-1) === "" && (rest.length % 2 === 1 || rest.at(-2) === "")) rest.pop();
  if (rest.length % 2 !== 0) throw new MalformedPacket("trailing-bytes", "an option without a value");
  if (rest.length > 2 * MAX_OPTIONS) {
    throw new MalformedPacket("too-many-options", `${rest.length / 2} options, at most ${MAX_OPTIONS} are allowed`);
  }
  return { kind: datagram[1] === Opcode.writeRequest ? "write" : "read", path, mode, options: pairs(rest) };
}

/** Encode RRQ or WRQ. A NUL inside a string cannot be sent and is a caller's mistake (RangeError). */
export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  const opcode = request.kind === "write" ? Opcode.writeRequest : Opcode.readRequest;
  return encodeStrings(opcode, [request.path, request.mode, ...flat(request.options)]);
}

/** Encode OACK (RFC 2347). */
export function encodeOptionAck(options: Options): Uint8Array<ArrayBuffer> {
  return encodeStrings(Opcode.optionAck, flat(options));
}

/** The option list of an OACK. @throws MalformedPacket */
export function decodeOptionAck(datagram: Uint8Array): Options {
  const strings = splitStrings(datagram);
  while (strings.at(-1) === "" && (strings.length % 2 === 1 || strings.at(-2) === "")) strings.pop();
  if (strings.length % 2 !== 0) throw new MalformedPacket("trailing-bytes", "an option without a value");
  if (strings.length > 2 * MAX_OPTIONS) {
    throw new MalformedPacket("too-many-options", `${strings.length / 2} options, at most ${MAX_OPTIONS} are allowed`);
  }
  return pairs(strings);
}

function splitStrings(datagram: Uint8Array): string[] {
  const strings: string[] = [];
  let start = 2;
  while (start < datagram.length) {
    const end = datagram.indexOf(0, start);
    if (end < 0) throw new MalformedPacket("unterminated-string", `text at byte ${start} is not ended by NUL`);
    strings.push(Buffer.from(datagram.buffer, datagram.byteOffset + start, end - start).toString("utf8"));
    start = end + 1;
  }
  return strings;
}

function pairs(strings: readonly string[]): Options {
  const options = new Map<string, string>();
  for (let i = 0; i + 1 < strings.length; i += 2) {
    const name = (strings[i] ?? "").toLowerCase();
    if (name !== "" && !options.has(name)) options.set(name, strings[i + 1] ?? "");
  }
  return options;
}

function flat(options: Options): string[] {
  return [...options].flat();
}

function encodeStrings(opcode: number, strings: readonly string[]): Uint8Array<ArrayBuffer> {
  for (const text of strings) {
    if (text.includes("\0")) throw new RangeError(`TFTP string ${JSON.stringify(text)} contains NUL`);
  }
  const text = strings.length === 0 ? "" : `${strings.join("\0")}\0`;
  const packet = Buffer.alloc(2 + Buffer.byteLength(text));
  packet.writeUInt16BE(opcode, 0);
  packet.write(text, 2, "utf8");
  return packet;
}
