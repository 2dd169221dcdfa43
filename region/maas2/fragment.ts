/**
 * JSON in ASCII alone, as MAAS writes it. One character beyond Latin-1 would make of megabytes of text one of twice the
 * size, which takes many times as long to send.
 */
export function asciiJson(value: unknown): string {
  return escapeToAscii(JSON.stringify(value));
}

/** JSON text with every character beyond ASCII as an escape (RFC 8259 7). */
export function escapeToAscii(text: string): string {
  return /[\u0080-\uffff]/.test(text) ? text.replaceAll(/[\u0080-\uffff]/g, escape) : text;
}

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * JSON text of objects, made once for each object however often it occurs: a thousand interfaces show the same VLAN. What
 * was rendered is not to be changed afterwards.
 */
export class Fragments {
  readonly #texts = new WeakMap<object, string>();

  /** Text of an object that is shown again and again. */
  of(shared: object): string {
    const known = this.#texts.get(shared);
    if (known !== undefined) return known;
    const text = asciiJson(shared);
    this.#texts.set(shared, text);
    return text;
  }

  ofMaybe(shared: object | null | undefined): string {
    return shared ? this.of(shared) : "null";
  }
}

/** Text of an object of which some values are text already. */
export function withTexts(fields: object, texts: Readonly<Record<string, string>>): string {
  const parts = [asciiJson(fields).slice(0, -1)];
  for (const name in texts) parts.push(`,"${name}":`, texts[name] ?? "null");
  parts.push("}");
  // One copy: a text that is put together piece by piece is copied at every place it is used.
  return parts.join("");
}
