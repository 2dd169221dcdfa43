import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { CliError } from "../errors.ts";
import type { ApiDocument } from "./document.ts";
import { singular } from "./words.ts";

/** Fields by which people name a thing. */
export const names = [
  "name",
  "hostname",
  "cidr",
  "username",
  "fqdn",
  "address",
  "ip",
  "mac",
  "url",
  "title",
  "ident",
  "mount_point",
  "release",
];
export type Item = Record<string, unknown>;
const item: z.ZodType<Item> = z.record(z.string(), z.unknown());

/** Those of some values that are things. */
const things = (values: readonly unknown[]): Item[] => {
  const found: Item[] = [];
  for (const value of values) {
    const read = item.safeParse(value);
    if (read.success) found.push(read.data);
  }
  return found;
};

/** Fields that hold the number of a thing and are not called after it. */
const otherwise: Readonly<Record<string, string>> = { source: "subnets", destination: "subnets", relay_vlan: "vlans" };

/** Fields that hold numbers of things of the same machine, and where below it these are. */
const siblings: Readonly<Record<string, string>> = {
  parents: "interfaces",
  children: "interfaces",
  devices: "storage/devices",
  spare_devices: "storage/devices",
  root_device: "storage/devices",
  cache_device: "storage/devices",
  partitions: "storage/partitions",
  spare_partitions: "storage/partitions",
  device_id: "storage/devices",
  partition_id: "storage/partitions",
  boot_disk_id: "storage/devices",
  group_id: "storage/groups",
  cache_set_id: "storage/cache-sets",
};

const machines = "/api/v1/machines";

/** What a field means that holds the number of another thing: the thing's word, and the path of the list it is in. */
export type Reference = { readonly word: string; readonly collection: string };

/** What a field of a body, a query or an answer at `path` refers to; null where it says something by itself. */
export function referenceOf(field: string, path: string, api: ApiDocument): Reference | null {
  const owner = /^\/api\/v1\/(machines|devices)\/\{id\}\/(interfaces|storage)/.exec(path);
  const sibling = Object.hasOwn(siblings, field) ? siblings[field] : undefined;
  if (owner !== null && sibling !== undefined) {
    const [group = "", kind = ""] = sibling.split("/");
    return owner[2] === group
      ? { word: singular(kind || group), collection: `/api/v1/${owner[1]}/{id}/${sibling}` }
      : null;
  }
  if (field === "parent" && path.startsWith("/api/v1/devices")) return { word: "machine", collection: machines };
  const noun = /^(.+)_id$/.exec(field)?.[1];
  if (noun === undefined) return null;
  const collection = `/api/v1/${otherwise[noun] ?? `${noun.replaceAll("_", "-")}s`}`;
  const known = api.operations.some((one) => one.path === collection && one.method === "GET");
  return known ? { word: singular(collection.slice("/api/v1/".length)), collection } : null;
}

/** A path with the page size the route takes, as far as it takes one. */
export function paged(template: string, path: string, api: ApiDocument, wanted = 1000): string {
  const route = api.operations.find((one) => one.path === template && one.method === "GET");
  const limit = route?.parameters.find((one) => one.name === "limit");
  if (limit === undefined) return path;
  const most = Math.min(wanted, api.resolve(limit.schema).maximum ?? 1000);
  return `${path}${path.includes("?") ? "&" : "?"}limit=${most}`;
}

/**
 * Everything in a collection: what its route lists or, where there is none, what a thing above it holds under that
 * name, such as the disks of a machine's storage.
 *
 * @param template the collection's path with placeholders
 * @param path the same, filled in
 */
export async function itemsOf(client: ApiClient, api: ApiDocument, template: string, path: string): Promise<Item[]> {
  if (isListed(template, api)) return Array.fromAsync(client.all(paged(template, path, api), item));
  const above = holderOf(template, api);
  if (above === null) return [];
  const filled = path.split("/").slice(0, above.split("/").length).join("/");
  return within(await client.get(filled, item), template.slice(parentOf(template).length + 1).replaceAll("-", "_"));
}

const isListed = (template: string, api: ApiDocument): boolean =>
  api.operations.some((each) => each.path === template && each.method === "GET");

/** What holds the things of a collection that no route lists; null: nothing tells of them. */
export function holderOf(template: string, api: ApiDocument): string | null {
  for (let above = template; above !== ""; above = parentOf(above)) if (isListed(above, api)) return above;
  return null;
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** Things a field of this name lists, wherever in an answer it is. */
function within(value: unknown, field: string): Item[] {
  if (Array.isArray(value)) return value.flatMap((one) => within(one, field));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, held]) =>
    name === field && Array.isArray(held) ? things(held) : within(held, field),
  );
}

/** What a thing may be called; a VLAN by its fabric and tag, too, such as `fabric-0:10`, a range by its addresses. */
export function namesOf(one: Item, fabrics: ReadonlyMap<unknown, string>): string[] {
  const plain = names.flatMap((name) => (typeof one[name] === "string" && one[name] !== "" ? [one[name]] : []));
  const { first, last } = one;
  if (typeof first === "string" && typeof last === "string") return [`${first}-${last}`, first, ...plain];
  const fabric = fabrics.get(one["fabric_id"]);
  return typeof one["vid"] === "number" && fabric !== undefined ? [`${fabric}:${one["vid"]}`, ...plain] : plain;
}

/** Names of the fabrics by their numbers, where VLANs are to be named; otherwise nothing is asked for. */
export async function fabricsFor(
  client: ApiClient,
  api: ApiDocument,
  collection: string,
): Promise<Map<unknown, string>> {
  if (collection !== "/api/v1/vlans") return new Map();
  const fabrics = await itemsOf(client, api, "/api/v1/fabrics", "/api/v1/fabrics");
  return new Map(fabrics.map((one) => [one["id"], String(one["name"])]));
}

/**
 * Answers as people read them: numbers of other things give way to their names, in what the answer is made of, too. One
 * request for each kind of thing; what cannot be read keeps its number.
 */
export async function withNames(
  client: ApiClient,
  api: ApiDocument,
  { template, path }: { template: string; path: string },
  answer: unknown,
): Promise<unknown> {
  const fields = new Map<string, Reference>();
  const used = new Set<string>();
  const named = new Set<string>();
  for (const [field, value] of fieldsIn(answer)) {
    const reference = fields.get(field) ?? referenceOf(field, template, api);
    if (reference === null) continue;
    fields.set(field, reference);
    const held = [value].flat();
    if (reference.collection === machines) for (const one of held) if (typeof one === "string") named.add(one);
    if (held.some((one) => typeof one === "number")) used.add(reference.collection);
  }
  const known = new Map<string, Map<unknown, string>>();
  for (const collection of used) {
    const labels = new Map<unknown, string>();
    known.set(collection, labels);
    try {
      const fabrics = await fabricsFor(client, api, collection);
      // Those of the same machine: its path begins as ours.
      const filled = collection.replace(/^\/api\/v1\/\w+\/\{id\}/, path.split("/").slice(0, 5).join("/"));
      for (const one of await itemsOf(client, api, collection, filled))
        labels.set(one["id"], namesOf(one, fabrics)[0] ?? String(one["id"]));
    } catch (error) {
      // Who may not read the others still reads these, with numbers.
      if (!(error instanceof CliError)) throw error;
    }
  }
  known.set(machines, await hostnames(client, named));
  const spelled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(spelled);
    const read = item.safeParse(value);
    if (!read.success) return value;
    const entries = Object.entries(read.data).map(([field, held]): [string, unknown] => {
      const reference = fields.get(field);
      if (reference === undefined) return [field, spelled(held)];
      const short = field.replace(/_id$/, "");
      const labels = known.get(reference.collection);
      const label = (one: unknown): unknown => labels?.get(one) ?? spelled(one);
      return [short in read.data ? field : short, Array.isArray(held) ? held.map(label) : label(held)];
    });
    return Object.fromEntries(entries);
  };
  return spelled(answer);
}

/** Names of machines by their ids, where there are few. */
async function hostnames(client: ApiClient, ids: ReadonlySet<string>): Promise<Map<unknown, string>> {
  const labels = new Map<unknown, string>();
  if (ids.size > 20) return labels;
  for (const id of ids) {
    const found = await client.get(`${machines}/${encodeURIComponent(id)}`, item).catch((error: unknown) => {
      if (error instanceof CliError) return null;
      throw error;
    });
    if (typeof found?.["hostname"] === "string") labels.set(id, found["hostname"]);
  }
  return labels;
}

/** Every field in an answer with its value, of the things within it, too. */
function fieldsIn(value: unknown): (readonly [field: string, value: unknown])[] {
  if (Array.isArray(value)) return value.flatMap(fieldsIn);
  const read = item.safeParse(value);
  if (!read.success) return [];
  return Object.entries(read.data).flatMap(([field, held]) => [[field, held] as const, ...fieldsIn(held)]);
}
