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
    const text = JSON.stringify(shared);
    this.#texts.set(shared, text);
    return text;
  }

  ofMaybe(shared: object | null | undefined): string {
    return shared ? this.of(shared) : "null";
  }
}

/** Text of an object of which some values are text already. */
export function withTexts(fields: object, texts: Readonly<Record<string, string>>): string {
  const parts = [JSON.stringify(fields).slice(0, -1)];
  for (const name in texts) parts.push(`,"${name}":`, texts[name] ?? "null");
  parts.push("}");
  // One copy: a text that is put together piece by piece is copied at every place it is used.
  return parts.join("");
}
