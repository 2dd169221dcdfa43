import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { type Item, type Site, keyOf, plainText } from "./document.ts";
import type { Fields } from "./fields.ts";
import { type NounName, nounNames, nounOf } from "./nouns.ts";

/** Where the API has each thing, by its noun and key: the id or name in its path. */
export type Addresses = Map<string, string>;
export const addressKey = (name: NounName, key: string): string => `${name} ${key}`;

export type Present = { readonly site: Site; readonly addresses: Addresses };

const item = z.record(z.string(), z.unknown());

/** These kinds of things and those they may refer to. */
function withReferences(wanted: readonly NounName[]): Set<NounName> {
  const needed = new Set(wanted);
  // A set that grows while it is walked is walked to its end.
  for (const name of needed) for (const { noun } of Object.values(nounOf(name).references ?? {})) needed.add(noun);
  return needed;
}

/** The site as it is now, in the words of the document; of all kinds of things, or of these and what they refer to. */
export async function readPresent(
  client: ApiClient,
  fields: Record<NounName, Fields>,
  wanted: readonly NounName[] = nounNames,
): Promise<Present> {
  const needed = withReferences(wanted);
  const addresses: Addresses = new Map();
  const keys = new Map<string, string>();
  const site: Partial<Record<NounName, Item[]>> = {};
  for (const name of nounNames.filter((one) => needed.has(one))) {
    const noun = nounOf(name);
    const rows = await Array.fromAsync(client.all(`${noun.path}?limit=1000`, item));
    // A thing may refer to another of its kind, so all keys are there before any is looked up.
    const plain = rows.map((row) => ({ row, told: tell(name, row, fields[name], keys) }));
    for (const { row, told } of plain) {
      const key = keyOf(name, told);
      keys.set(`${name} ${plainText(row["id"])}`, key);
      addresses.set(addressKey(name, key), plainText(row[noun.address]));
    }
    site[name] = rows.map((row) => tell(name, row, fields[name], keys));
  }
  return { site, addresses };
}

/** An item of the API in the document's words. `keys` are those of the things it may refer to, by noun and id. */
function tell(name: NounName, row: Item, { created, changed }: Fields, keys: ReadonlyMap<string, string>): Item {
  const { references = {} } = nounOf(name);
  const told = [...new Set([...created, ...changed])].flatMap((field): [string, unknown][] => {
    const value = row[field];
    const reference = references[field];
    if (value === undefined) return [];
    if (reference === undefined) return [[field, value]];
    return [[reference.as, value === null ? null : (keys.get(`${reference.noun} ${plainText(value)}`) ?? null)]];
  });
  return Object.fromEntries(told);
}
