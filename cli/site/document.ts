import { nearest } from "@rackwright/contract";
import { parseDocument, stringify } from "yaml";
import { CliError } from "../errors.ts";
import type { Fields } from "./fields.ts";
import { type NounName, nounNames, nounOf } from "./nouns.ts";

/** One thing as the document has it: other things by their keys. */
export type Item = Readonly<Record<string, unknown>>;
/** A value of YAML or JSON that is no list and no mapping, as text. */
export const plainText = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";

export type Site = Partial<Record<NounName, readonly Item[]>>;

/** What names one of its kind, such as `fabric-0/20` of a VLAN. */
export function keyOf(name: NounName, item: Item): string {
  return nounOf(name)
    .key.map((field) => plainText(item[field]))
    .join("/");
}

/** The names fields have in the document: of a reference what it refers to. */
export function documentFields(name: NounName, { created, changed }: Fields): string[] {
  const { references = {} } = nounOf(name);
  return [...new Set([...created, ...changed])].map((field) => references[field]?.as ?? field);
}

/**
 * Reads a site's document. @throws CliError naming line, noun or field and what is allowed
 */
export function readSite(text: string, file: string, fields: Record<NounName, Fields>): Site {
  const parsed = parseDocument(text, { version: "1.2", uniqueKeys: true });
  const [problem] = parsed.errors;
  if (problem !== undefined) throw new CliError(`${file}: ${problem.message}`, "Correct the YAML there.", 2);
  const value: unknown = parsed.toJS({ maxAliasCount: 100 });
  if (value === null) return {};
  if (!isItem(value)) throw wrong(file, "the document", "must be a mapping of kinds of things to lists of them");
  const site: Partial<Record<NounName, Item[]>> = {};
  for (const [word, items] of Object.entries(value)) {
    const name = nounNames.find((one) => one === word);
    if (name === undefined) throw wrong(file, `'${word}'`, hint(word, nounNames));
    if (!Array.isArray(items)) throw wrong(file, word, "must be a list");
    site[name] = items.map((item: unknown, index) => checkItem(name, item, `${word}[${index}]`, fields[name], file));
    const seen = new Set<string>();
    for (const item of site[name]) {
      const key = keyOf(name, item);
      if (seen.has(key)) throw wrong(file, `${word}: ${key}`, "is there twice");
      seen.add(key);
    }
  }
  return site;
}

function checkItem(name: NounName, item: unknown, place: string, fields: Fields, file: string): Item {
  if (!isItem(item)) throw wrong(file, place, "must be a mapping of fields to values");
  const known = documentFields(name, fields);
  for (const field of Object.keys(item))
    if (!known.includes(field)) throw wrong(file, `${place}.${field}`, hint(field, known));
  for (const field of nounOf(name).key)
    if (!["string", "number"].includes(typeof item[field]))
      throw wrong(file, `${place}.${field}`, "must be given: it names the thing");
  return item;
}

const isItem = (value: unknown): value is Item => typeof value === "object" && value !== null && !Array.isArray(value);

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return `is not known here; ${near === undefined ? "" : `did you mean ${near}? `}known are ${known.join(", ")}`;
}

const wrong = (file: string, what: string, allowed: string): CliError =>
  new CliError(`${file}: ${what} ${allowed}.`, "'rackwright export' shows how such a document looks.", 2);

/** A site as YAML, in the order of the nouns and of their keys. */
export function printSite(site: Site): string {
  const ordered = nounNames.flatMap((name) => {
    const items = site[name];
    return items === undefined ? [] : [[name, sorted(name, items)] as const];
  });
  return stringify(Object.fromEntries(ordered), { lineWidth: 0 });
}

const sorted = (name: NounName, items: readonly Item[]): readonly Item[] =>
  items.toSorted((a, b) => keyOf(name, a).localeCompare(keyOf(name, b), "en", { numeric: true }));
