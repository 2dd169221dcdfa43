import * as fc from "fast-check";

type Change =
  | { readonly kind: "set" | "flip" | "insert"; readonly at: number; readonly value: number }
  | { readonly kind: "cut"; readonly at: number };

function change(bytes: Uint8Array, one: Change): Uint8Array {
  const at = bytes.length === 0 ? 0 : one.at % bytes.length;
  if (one.kind === "cut") return bytes.slice(0, at);
  if (one.kind === "insert") return Uint8Array.of(...bytes.subarray(0, at), one.value, ...bytes.subarray(at));
  const out = bytes.slice();
  if (at < out.length) out[at] = one.kind === "set" ? one.value : (out[at] ?? 0) ^ (1 << (one.value & 7));
  return out;
}

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("set" as const, "flip" as const, "insert" as const),
    at: fc.nat(200),
    value: fc.nat(255),
  }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(200) }),
);

/** One to four random changes to bytes that were good: set, flip, insert, cut off. */
export function mutated(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(bytes, fc.array(changes, { minLength: 1, maxLength: 4 }))
    .map(([good, list]) => list.reduce(change, good));
}

/** A list of changes, to be applied to bytes that come up only while a test runs. */
export const changeLists: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc
  .array(changes, { minLength: 1, maxLength: 3 })
  .map((list) => (bytes: Uint8Array) => list.reduce(change, bytes));
