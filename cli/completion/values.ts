import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { machineStatuses } from "@rackwright/contract";
import { z } from "zod";
import { type ApiDocument, apiDocument } from "../api/document.ts";
import { names } from "../api/references.ts";
import { answersItems, singular as oneOf } from "../api/words.ts";
import type { ApiClient } from "../client.ts";
import type { Suggestion, Suggestions, ValueSource, Wanted } from "./suggest.ts";

/** Things the API lists: where, and which of an item's fields name it and say what it is. */
interface Collection {
  readonly path: string;
  /** Null: the first of the fields that things are called by. */
  readonly name: string | null;
  /** Further fields by which the item can be named; offered once something is typed. */
  readonly aliases?: readonly string[];
  readonly about?: string;
  /** Only items with these fields. */
  readonly only?: Readonly<Record<string, string>>;
}

const collections: Readonly<Record<string, Collection>> = {
  machine: { path: "/api/v1/machines?limit=1000", name: "hostname", aliases: ["id", "macs"], about: "status" },
  image: { path: "/api/v1/images?limit=1000", name: "name", about: "title", only: { kind: "deployable" } },
  rack: { path: "/api/v1/racks", name: "name", about: "version" },
  tag: { path: "/api/v1/tags?limit=1000", name: "name", about: "comment" },
  zone: { path: "/api/v1/zones?limit=1000", name: "name", about: "description" },
  pool: { path: "/api/v1/pools?limit=1000", name: "name", about: "description" },
  script: { path: "/api/v1/scripts?limit=1000", name: "name", about: "description" },
  subnet: { path: "/api/v1/subnets?limit=1000", name: "cidr" },
  failure: { path: "/api/v1/failures", name: "code", about: "title" },
  username: { path: "/api/v1/users?limit=1000", name: "username" },
};
/** Words of the command line that mean one of them. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["source", "machine"],
  ["test", "script"],
  ["network", "subnet"],
  ["code", "failure"],
  ["for", "username"],
]);
/** Commands whose `<name>` is a new one. */
const naming = /(^| )(create|createadmin|upload)$/;
const page = z.object({ items: z.array(z.record(z.string(), z.unknown())) });

/** What the values of the command line are looked up in. */
export interface ValueWorld {
  /** The region the options given so far speak of; throws when they name none. */
  client(given: Readonly<Record<string, string>>): ApiClient;
  /** The folder that keeps the state, from the options given so far. */
  state(given: Readonly<Record<string, string>>): string;
}

/** Values by what they are called: things of the region, of this host and of the program. Errors are no suggestions. */
export function valueSource(world: ValueWorld): ValueSource {
  return async (wanted) => lookUp(world, wanted).catch(() => []);
}

async function lookUp(world: ValueWorld, wanted: Wanted): Promise<Suggestions> {
  const { path, noun, placeholder, given } = wanted;
  if (["dir", "file", "folder"].includes(placeholder)) return "files";
  if (noun === "interface") return plain(await readdir("/sys/class/net"));
  if (noun === "lab" || (noun === "name" && /^lab (?!up)/.test(path)))
    return plain(await readdir(join(world.state(given), "labs")));
  if (path === "images build")
    return (await import("@rackwright/images")).recipes.map(({ name, title }) => ({ value: name, description: title }));
  if (noun === "status") return plain(machineStatuses.map((status) => status.replaceAll(" ", "-")));
  if (naming.test(path) && ["name", "username", "network"].includes(noun)) return [];
  const group = path.split(" ")[0] ?? "";
  const about = noun === "name" ? [group] : noun === "to" ? [path.replace(/^machines set-/, "")] : [];
  const words = [noun.replace(/^not-/, ""), placeholder, ...about].map(singular);
  const key = words.map((word) => synonyms.get(word) ?? word).find((word) => Object.hasOwn(collections, word));
  const collection = key === undefined ? listOf(apiDocument(), noun) : collections[key];
  return collection === undefined ? [] : list(world.client(given), collection, wanted.typed);
}

/** The list of the API whose things are called by a noun, such as `fabric`. */
function listOf({ operations }: ApiDocument, noun: string): Collection | undefined {
  const found = operations.find((one) => answersItems(one) && oneOf(one.path.replace("/api/v1/", "")) === noun);
  return found === undefined ? undefined : { path: `${found.path}?limit=1000`, name: null };
}

const singular = (word: string): string => word.replace(/s$/, "");
const plain = (names: readonly string[]): Suggestion[] => names.toSorted().map((value) => ({ value, description: "" }));

async function list(client: ApiClient, collection: Collection, typed: string): Promise<Suggestion[]> {
  const { items } = await client.get(collection.path, page);
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const wanted = Object.entries(collection.only ?? {});
  return items.flatMap((item) => {
    if (wanted.some(([field, value]) => item[field] !== value)) return [];
    const name = text(item[collection.name ?? names.find((field) => text(item[field]) !== "") ?? "id"]);
    const about = collection.about === undefined ? "" : text(item[collection.about]);
    const others = typed === "" ? [] : (collection.aliases ?? []).flatMap((field) => [item[field]].flat().map(text));
    return [
      { value: name, description: about },
      ...others.map((value) => ({ value, description: `${name}, ${about}` })),
    ];
  });
}
