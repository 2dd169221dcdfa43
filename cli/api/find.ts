import { nearest } from "@rackwright/contract";
import type { ApiClient } from "../client.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import type { ApiDocument } from "./document.ts";
import { fabricsFor, holderOf, itemsOf, names, namesOf } from "./references.ts";
import type { Placeholder } from "./words.ts";

/** What a thing is called in a sentence: `dns-record` → `DNS record`. */
const nounOf = (argument: string): string =>
  argument.replaceAll("-", " ").replaceAll(/\b(dns|ip|vlan|ldap|oidc)\b/g, (word) => word.toUpperCase());

/** Parameters of paths that are names themselves. */
const ownNames = new Set(["name", "username", "code", "osystem", "distro_series"]);

/** What tells the numbers of things that no route lists. */
const tellers: Readonly<Record<string, string>> = {
  "/api/v1/results": "'rackwright machines results MACHINE --history' tells it",
  "/api/v1/dns-records": "'rackwright dns-resources show NAME' tells it",
};
const tellingOf = (collection: string): string =>
  Object.hasOwn(tellers, collection) ? (tellers[collection] ?? "") : "see what holds it";

/** What a thing can be named by, for the help. */
export function namedBy({ parameter, collection }: Placeholder, api: ApiDocument): string {
  if (collection === "/api/v1/machines") return "its hostname, system id or a MAC address of it";
  if (collection === "/api/v1/vlans") return "its fabric and tag, such as fabric-0:20, its name or its id";
  if (parameter === "osystem") return "operating system, such as windows";
  if (parameter === "distro_series") return "release of it, such as win2022";
  if (ownNames.has(parameter)) return `its ${parameter === "name" ? "name" : parameter.replaceAll("_", " ")}`;
  const holder = holderOf(collection, api);
  if (holder === null) return `its number: ${tellingOf(collection)}`;
  if (holder !== collection) return "its name or id";
  const answer = api.operations.find((one) => one.path === collection && one.method === "GET")?.answer;
  const fields = api.resolve(answer?.properties?.["items"]?.items ?? {}).properties ?? {};
  const called = Object.hasOwn(fields, "first")
    ? ["first address"]
    : names.filter((name) => Object.hasOwn(fields, name));
  return ["its", [...called, "id"].join(", ").replace(/, id$/, " or id").replaceAll("_", " ")].join(" ");
}

/**
 * What a route wants for a thing somebody named: its id where the thing is named otherwise.
 *
 * @param path the collection's path, filled in
 * @throws CliError with the nearest name
 */
export async function identify(
  client: ApiClient,
  api: ApiDocument,
  { parameter, argument, collection }: Placeholder,
  path: string,
  typed: string,
): Promise<string> {
  if (collection === "/api/v1/machines") return (await findMachine(client, typed)).id;
  if (ownNames.has(parameter) || /^-?\d+$/.test(typed)) return typed;
  if (holderOf(collection, api) === null)
    throw new CliError(`'${typed}' is no number of a ${nounOf(argument)}.`, `${tellingOf(collection)}.`, 2);
  const known = await itemsOf(client, api, collection, path);
  const fabrics = await fabricsFor(client, api, collection);
  const found = known.filter((one) => String(one["id"]) === typed || namesOf(one, fabrics).includes(typed));
  const [only] = found;
  if (found.length === 1 && only !== undefined) return String(only["id"]);
  const noun = nounOf(argument);
  if (found.length > 1) {
    const others = found.map((one) => namesOf(one, fabrics).find((name) => name !== typed) ?? String(one["id"]));
    throw new CliError(`${found.length} of them are called '${typed}'.`, `Name one of ${others.join(", ")}.`, 2);
  }
  const all = known.flatMap((one) => namesOf(one, fabrics));
  const near = nearest(typed, all);
  const first = [...new Set(known.map((one) => namesOf(one, fabrics)[0] ?? String(one["id"])))];
  const few =
    first.length === 0
      ? "There is none yet."
      : `There ${first.length === 1 ? "is" : "are"} ${first.slice(0, 10).join(", ")}${first.length > 10 ? " …" : ""}.`;
  throw new CliError(`There is no ${noun} '${typed}'.`, near === undefined ? few : `Did you mean ${near}?`, 2);
}
