import { isDeepStrictEqual } from "node:util";
import { CliError } from "../errors.ts";
import { type Item, type Site, keyOf } from "./document.ts";
import type { Fields } from "./fields.ts";
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
  /** Deleted before anything is made, because what is made takes its place. */
  readonly early?: boolean;
};

/**
 * What to do so that the site is as the document says, in the order in which it can be done. Fields and things the
 * document does not name stay as they are; with `prune` things of the kinds it names that it does not list go, but for
 * those that always exist.
 */
export function planChanges(
  present: Site,
  wanted: Site,
  { prune, fields }: { prune: boolean; fields: Record<NounName, Fields> },
): Change[] {
  const made: Change[] = [];
  const gone: Change[] = [];
  const first: Change[] = [];
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
        const lasting = differs.filter((field) => !changeable(noun, fields[noun]).includes(field));
        if (lasting.length > 0 && isLeaf(noun)) {
          first.push({ noun, key, kind: "delete", fields: {}, before, early: true });
          made.push({ noun, key, kind: "create", fields: { ...before, ...item }, before: {} });
        } else if (lasting.length > 0)
          throw new CliError(
            `${noun} ${key}: ${lasting.join(", ")} cannot be changed.`,
            "Delete the thing and apply again, or take the field out of the document.",
            2,
          );
        else if (differs.length > 0)
          made.push({ noun, key, kind: "update", fields: only(item, differs), before: only(before, differs) });
      }
      now.delete(key);
    }
    if (!prune) continue;
    const { fixed = [] } = nounOf(noun);
    for (const [key, before] of now) {
      if (fixed.includes(key) || standsWithItsFabric(noun, before)) continue;
      if (isLeaf(noun)) first.push({ noun, key, kind: "delete", fields: {}, before, early: true });
      else gone.unshift({ noun, key, kind: "delete", fields: {}, before });
    }
  }
  // A range that grows is another one by its key, and must not meet the former. What refers to others goes before them.
  return [...first, ...made, ...gone];
}

/** Whether nothing of another kind refers to things of this kind. */
const isLeaf = (noun: NounName): boolean =>
  nounNames.every((other) => Object.values(nounOf(other).references ?? {}).every((one) => one.noun !== noun)) &&
  Object.keys(nounOf(noun).references ?? {}).length > 0;

/** Fields of the document that can be changed, in its own words. */
function changeable(noun: NounName, { changed }: Fields): string[] {
  const { references = {} } = nounOf(noun);
  return changed.map((field) => references[field]?.as ?? field);
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
