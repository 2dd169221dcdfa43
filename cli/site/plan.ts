import { isDeepStrictEqual } from "node:util";
import { type Item, type Site, keyOf } from "./document.ts";
import { type NounName, nounNames, nounOf } from "./nouns.ts";

/** One thing to do, in the document's words. */
export type Change = {
  readonly noun: NounName;
  readonly key: string;
  readonly kind: "create" | "update" | "delete";
  /** What it shall have; of an update the fields that differ. */
  readonly fields: Item;
  /** What it has of them now. */
  readonly before: Item;
};

/**
 * What to do so that the site is as the document says, in the order in which it can be done. Fields and things the
 * document does not name stay as they are; with `prune` things of the kinds it names that it does not list go, but for
 * those that always exist.
 */
export function planChanges(present: Site, wanted: Site, { prune }: { prune: boolean }): Change[] {
  const made: Change[] = [];
  const gone: Change[] = [];
  for (const noun of nounNames) {
    const items = wanted[noun];
    if (items === undefined) continue;
    const now = new Map((present[noun] ?? []).map((item) => [keyOf(noun, item), item]));
    for (const item of items) {
      const key = keyOf(noun, item);
      const before = now.get(key);
      if (before === undefined) made.push({ noun, key, kind: "create", fields: item, before: {} });
      else {
        const differs = Object.keys(item).filter((field) => !isDeepStrictEqual(item[field], before[field]));
        if (differs.length > 0)
          made.push({ noun, key, kind: "update", fields: only(item, differs), before: only(before, differs) });
      }
      now.delete(key);
    }
    if (!prune) continue;
    const { fixed = [] } = nounOf(noun);
    for (const [key, before] of now)
      if (!fixed.includes(key) && !standsWithItsFabric(noun, before))
        gone.unshift({ noun, key, kind: "delete", fields: {}, before });
  }
  // What refers to others goes before them.
  return [...made, ...gone];
}

/** A fabric's untagged VLAN exists as long as the fabric does. */
const standsWithItsFabric = (noun: NounName, item: Item): boolean => noun === "vlans" && item["vid"] === 0;

const only = (item: Item, fields: readonly string[]): Item =>
  Object.fromEntries(fields.map((field) => [field, item[field]]));

const signs = { create: "+", update: "~", delete: "-" } as const;

/** Changes as lines: `+` made, `~` changed, `-` deleted. */
export function changeLines(changes: readonly Change[]): string[] {
  return changes.flatMap(({ noun, key, kind, fields, before }) => [
    `${signs[kind]} ${noun} ${key}`,
    ...(kind === "update"
      ? Object.keys(fields).map((field) => `    ${field}: ${show(before[field])} → ${show(fields[field])}`)
      : []),
  ]);
}

const show = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
