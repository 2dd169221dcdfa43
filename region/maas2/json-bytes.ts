import { asciiJson, escapeToAscii } from "./ascii-json.ts";

/** Where something was written. */
export type Span = { readonly from: number; readonly to: number };

/**
 * JSON in ASCII, written as bytes. Text that is put together piece by piece is copied at every place it is used, and all of
 * it is garbage a moment later; what is written here is copied once, and what is shown twice is copied as bytes.
 */
export class JsonBytes {
  #buffer: Buffer;
  #length = 0;
  readonly #shared: WeakMap<object, Buffer>;

  /**
   * @param shared texts of objects that are shown again and again, kept from one writer to the next. What was written once
   * is not to be changed afterwards.
   */
  constructor(shared: WeakMap<object, Buffer> = new WeakMap(), size = 64 * 1024) {
    this.#shared = shared;
    this.#buffer = Buffer.allocUnsafeSlow(size);
  }

  /** Bytes written so far, which is where the next come. */
  get length(): number {
    return this.#length;
  }

  /** JSON text, or a part of one. */
  raw(text: string): this {
    // No character of UTF-16 is more than three bytes of UTF-8, and only one of ASCII is a single one.
    const at = this.#reserve(text.length * 3);
    const size = this.#buffer.write(text, at);
    if (size > text.length) return this.raw(escapeToAscii(text));
    this.#length = at + size;
    return this;
  }

  json(value: unknown): this {
    return this.raw(JSON.stringify(value));
  }

  /** An object without its closing brace, so that more can follow. It must have a field. */
  open(fields: object): this {
    this.json(fields);
    this.#length -= 1;
    return this;
  }

  /** Further fields of an open object. There must be one. */
  fields(fields: object): this {
    return this.raw(`,${JSON.stringify(fields).slice(1, -1)}`);
  }

  /** The beginning of one more field of an open object. */
  field(name: string): this {
    return this.raw(`,"${name}":`);
  }

  /** An object that is shown in many places, or null. */
  shared(value: object | null | undefined): this {
    if (!value) return this.raw("null");
    let bytes = this.#shared.get(value);
    if (bytes === undefined) {
      bytes = Buffer.from(asciiJson(value), "latin1");
      this.#shared.set(value, bytes);
    }
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
    this.#length = at + bytes.length;
    return this;
  }

  /** An array whose items `write` writes. Returns where each item is. */
  list<T>(items: readonly T[], write: (item: T) => void): Span[] {
    this.raw("[");
    const spans = items.map((item, index): Span => {
      if (index > 0) this.raw(",");
      const from = this.#length;
      write(item);
      return { from, to: this.#length };
    });
    this.raw("]");
    return spans;
  }

  /** Once more what was written there; null for nowhere. */
  again(span: Span | undefined): this {
    if (span === undefined) return this.raw("null");
    const at = this.#reserve(span.to - span.from);
    this.#buffer.copyWithin(at, span.from, span.to);
    this.#length = at + span.to - span.from;
    return this;
  }

  /** All that was written. Nothing is written any more afterwards. */
  end(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Makes room for so many bytes and returns where it is. */
  #reserve(size: number): number {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return this.#length;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    return this.#length;
  }
}
