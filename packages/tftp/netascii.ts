const CR = 0x0d;
const LF = 0x0a;
const NUL = 0x00;

/** Stream encoder to netascii: LF → CR LF, CR → CR NUL (RFC 764 as used by RFC 1350 §1). */
export function encodeNetascii(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  let extra = 0;
  for (const byte of chunk) if (byte === LF || byte === CR) extra += 1;
  const out = Buffer.allocUnsafe(chunk.length + extra);
  let at = 0;
  for (const byte of chunk) {
    if (byte === LF) {
      out[at++] = CR;
      out[at++] = LF;
    } else {
      out[at++] = byte;
      if (byte === CR) out[at++] = NUL;
    }
  }
  return out;
}

/** Stream decoder from netascii; a CR at the end of one chunk is settled by the next. */
export class NetasciiDecoder {
  #pendingCr = false;

  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = Buffer.allocUnsafe(chunk.length + 1);
    let at = 0;
    for (const byte of chunk) {
      if (this.#pendingCr) {
        this.#pendingCr = false;
        if (byte === LF || byte === NUL) {
          out[at++] = byte === LF ? LF : CR;
          continue;
        }
        out[at++] = CR;
      }
      if (byte === CR) this.#pendingCr = true;
      else out[at++] = byte;
    }
    return out.subarray(0, at);
  }

  /** A lone CR at the very end is kept as it is. */
  end(): Uint8Array<ArrayBuffer> {
    const rest = this.#pendingCr ? Uint8Array.of(CR) : new Uint8Array(0);
    this.#pendingCr = false;
    return rest;
  }
}
