import { nearest } from "@rackwright/contract";
import type { ApiClient } from "../client.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import type { ApiDocument } from "./document.ts";
import { fabricsFor, itemsOf, namesOf } from "./references.ts";
import type { Placeholder } from "./words.ts";

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
  if (["name", "username", "code"].includes(parameter) || /^-?\d+$/.test(typed)) return typed;
  const known = await itemsOf(client, api, collection, path);
  const fabrics = await fabricsFor(client, api, collection);
  const found = known.filter((one) => String(one["id"]) === typed || namesOf(one, fabrics).includes(typed));
  const [only] = found;
  if (found.length === 1 && only !== undefined) return String(only["id"]);
  const noun = argument.replaceAll("-", " ");
  if (found.length > 1) {
    const others = found.map((one) => namesOf(one, fabrics).find((name) => name !== typed) ?? String(one["id"]));
    throw new CliError(`${found.length} of them are called '${typed}'.`, `Name one of ${others.join(", ")}.`, 2);
  }
  const all = known.flatMap((one) => namesOf(one, fabrics));
  const near = nearest(typed, all);
  const few =
    all.length === 0 ? "There is none yet." : `There are ${all.slice(0, 10).join(", ")}${all.length > 10 ? " …" : ""}.`;
  throw new CliError(`There is no ${noun} '${typed}'.`, near === undefined ? few : `Did you mean ${near}?`, 2);
}
