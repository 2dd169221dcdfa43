import { DhcpFormatError } from "./message.ts";

const longestList = 4096;

/**
 * Writes a domain search list (RFC 3397 2): names in DNS form, compressed with pointers into the list (RFC 1035 4.1.4).
 * Throws DhcpFormatError on an empty label, one of more than 63 bytes or a name of more than 253.
 */
export function encodeDomainList(names: readonly string[]): Uint8Array {
  const bytes: number[] = [];
  const seen = new Map<string, number>();
  for (const name of names) {
    const labels = name.replace(/\.$/, "").split(".");
    if (name.length > 253) throw new DhcpFormatError("domain", `${name.length} characters, at most 253 make a name`);
    let pointed = false;
    for (const [index, label] of labels.entries()) {
      const suffix = labels.slice(index).join(".").toLowerCase();
      const at = seen.get(suffix);
      if (at !== undefined) {
        bytes.push(0xc0 | (at >> 8), at & 255);
        pointed = true;
        break;
      }
      const text = Buffer.from(label, "latin1");
      if (text.length === 0 || text.length > 63)
        throw new DhcpFormatError("domain", `label ${JSON.stringify(label)} of ${JSON.stringify(name)}, 1 to 63 bytes`);
      if (bytes.length < 0x3fff) seen.set(suffix, bytes.length);
      bytes.push(text.length, ...text);
    }
    if (!pointed) bytes.push(0);
    if (bytes.length > longestList) throw new DhcpFormatError("domain", `list longer than ${longestList} bytes`);
  }
  return Uint8Array.from(bytes);
}

/** Reads a domain search list. Pointers may only go back, so reading always ends. Throws DhcpFormatError. */
export function decodeDomainList(bytes: Uint8Array): string[] {
  const names: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { labels, next } = readName(bytes, at);
    names.push(labels.join("."));
    at = next;
    if (names.length > 256) throw new DhcpFormatError("domain", "more than 256 names");
  }
  return names;
}

function readName(bytes: Uint8Array, from: number): { labels: string[]; next: number } {
  const labels: string[] = [];
  let at = from;
  let bound = from;
  let next: number | undefined;
  let length = 0;
  for (;;) {
    const size = bytes[at];
    if (size === undefined) throw new DhcpFormatError("domain", `name at ${from} runs over the end`);
    if (size === 0) return { labels, next: next ?? at + 1 };
    if ((size & 0xc0) === 0xc0) {
      const target = ((size & 0x3f) << 8) | (bytes[at + 1] ?? 0);
      if (at + 1 >= bytes.length || target >= bound)
        throw new DhcpFormatError("domain", `pointer at ${at} to ${target} does not point back`);
      next ??= at + 2;
      bound = target;
      at = target;
    } else {
      if (size > 63 || at + 1 + size > bytes.length)
        throw new DhcpFormatError("domain", `label of ${size} bytes at ${at} runs over the end`);
      labels.push(Buffer.from(bytes.subarray(at + 1, at + 1 + size)).toString("latin1"));
      at += 1 + size;
      length += 1 + size;
      if (length > 254) throw new DhcpFormatError("domain", `name at ${from} is longer than 253 characters`);
    }
  }
}
