import { timingSafeEqual } from "node:crypto";

/** The bytes a peer sent do not have the form the specification gives them. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

/** A cursor over bytes a stranger sent: every read is checked against the end. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** @param what names the structure being read, for the error text. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Uint8Array {
    if (count > this.left) {
      throw new MalformedError(`${this.#what} is cut short: ${count} more bytes expected, ${this.left} present`);
    }
    const part = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return part;
  }

  u8(): number {
    return this.take(1)[0] ?? 0;
  }

  u16(): number {
    return this.u8() | (this.u8() << 8);
  }

  u32(): number {
    return (this.u16() | (this.u16() << 16)) >>> 0;
  }

  rest(): Uint8Array {
    return this.take(this.left);
  }
}

/** Joins byte strings and plain byte lists. */
export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Little-endian, as IPMI sends all its numbers. */
export function u16le(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff];
}

export function u32le(value: number): number[] {
  return [...u16le(value), ...u16le(value >>> 16)];
}

/** Equality that takes the same time wherever the difference is. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Two's complement of the sum of the bytes (IPMI 2.0 §13.8). */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return -sum & 0xff;
}
