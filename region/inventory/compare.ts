import type { InventoryChange } from "@rackwright/contract";

export type Change = InventoryChange;
type Part = Change["part"];
/** A part with what makes it the same one in two inventories, and what people call it. */
export type Named<T> = { key: string; name: string; value: T };
type Pair<T> = { key: string; name: string; before: T | undefined; after: T | undefined };

/** Parts of two inventories side by side, those of the first in their order, then the new ones. Equal keys count up. */
export function matched<T>(before: readonly Named<T>[], after: readonly Named<T>[]): Pair<T>[] {
  const keyed = (parts: readonly Named<T>[]): Map<string, Named<T>> => {
    const seen = new Map<string, number>();
    return new Map(
      parts.map((part) => {
        const times = (seen.get(part.key) ?? 0) + 1;
        seen.set(part.key, times);
        return [`${times} ${part.key}`, part];
      }),
    );
  };
  const [old, now] = [keyed(before), keyed(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const part = now.get(key) ?? old.get(key);
    return part ? [{ key: part.key, name: part.name, before: old.get(key)?.value, after: now.get(key)?.value }] : [];
  });
}

export function removed(part: Part, name: string, title: string, before: string): Change {
  return { kind: "removed", part, name, message: `${title} (${before}) is gone`, before, after: null };
}

export function added(part: Part, name: string, title: string, after: string): Change {
  return { kind: "added", part, name, message: `${title} (${after}) is new`, before: null, after };
}

export function changed(part: Part, name: string, title: string, before: string, after: string): Change {
  return { kind: "changed", part, name, message: `${title} ${before} → ${after}`, before, after };
}

const isKnown = (value: string | null | undefined): value is string => value !== null && value !== undefined;

/**
 * One change for each property that is not as it was. What was not found out, before or now, has not changed: a newer
 * agent knows more, and inventories from before a property was there lack it.
 */
export function differing(
  part: Part,
  name: string,
  title: string,
  properties: readonly (readonly [
    property: string,
    before: string | null | undefined,
    after: string | null | undefined,
  ])[],
): Change[] {
  return properties.flatMap(([property, before, after]) =>
    isKnown(before) && isKnown(after) && before !== after
      ? [changed(part, name, `${title} ${property}`, before, after)]
      : [],
  );
}

/** A number with its unit, where there is a number. */
export function when(value: number | null | undefined, unit: string): string | null {
  return value === null || value === undefined ? null : `${value} ${unit}`.trimEnd();
}
