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

  /** Text as it is, which must be ASCII. */
  raw(text: string): this {
    const at = this.#grow(text.length);
    this.#buffer.write(text, at, "latin1");
    return this;
  }

  /** JSON text that came from elsewhere. */
  text(json: string): this {
    return this.raw(escapeToAscii(json));
  }

  json(value: unknown): this {
    return this.raw(asciiJson(value));
  }

  /** An object without its closing brace, so that more can follow. It must have a field. */
  open(fields: object): this {
    this.json(fields);
    this.#length -= 1;
    return this;
  }

  /** Further fields of an open object. There must be one. */
  fields(fields: object): this {
    return this.raw(`,${asciiJson(fields).slice(1, -1)}`);
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
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
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
    const at = this.#grow(span.to - span.from);
    this.#buffer.copyWithin(at, span.from, span.to);
    return this;
  }

  /** All that was written. Nothing is written any more afterwards. */
  end(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Makes room and returns where it is. */
  #grow(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length <= this.#buffer.length) return at;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, at));
    this.#buffer = larger;
    return at;
  }
}
