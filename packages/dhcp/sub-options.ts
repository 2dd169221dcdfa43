/** Code → value of options inside an option; later pieces of one code are joined to the first. */
export type SubOptions = Map<number, Uint8Array>;

/**
 * Reads options inside an option: vendor specific (43, RFC 2132 8.4), relay agent (82, RFC 3046 2.0), iPXE (175).
 * Relay agent information has neither padding nor end: pass `plain`. Answers undefined when a length runs over the end,
 * so that a broken value counts as absent.
 */
export function readSubOptions(value: Uint8Array, plain = false): SubOptions | undefined {
  const options: SubOptions = new Map();
  let at = 0;
  while (at < value.length) {
    const code = value[at] ?? 0;
    at += 1;
    if (!plain && code === 0) continue;
    if (!plain && code === 255) break;
    const length = value[at];
    at += 1;
    if (length === undefined || at + length > value.length) return undefined;
    const part = value.subarray(at, at + length);
    const earlier = options.get(code);
    options.set(code, earlier === undefined ? part : Buffer.concat([earlier, part]));
    at += length;
  }
  return options;
}

/** Writes options inside an option; with `end` a closing 255 (PXE wants one in option 43). */
export function writeSubOptions(options: Iterable<readonly [number, Uint8Array]>, end = false): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [code, value] of options) {
    if (value.length > 255) throw new RangeError(`sub-option ${code} has ${value.length} bytes, at most 255 fit`);
    parts.push(Uint8Array.of(code, value.length), value);
  }
  if (end) parts.push(Uint8Array.of(255));
  return Buffer.concat(parts);
}
