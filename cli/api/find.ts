import { nearest } from "@rackwright/contract";
import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import type { Placeholder } from "./words.ts";

/** Fields by which people name a thing. */
export const names = ["name", "hostname", "cidr", "username", "fqdn", "address", "ip", "mac", "url", "title"];
const item = z.record(z.string(), z.unknown());

/**
 * What a route wants for a thing somebody named: its id where the thing is named otherwise. @throws CliError with the
 * nearest name
 */
export async function identify(
  client: ApiClient,
  { parameter, argument, collection }: Placeholder,
  typed: string,
): Promise<string> {
  if (collection === "/api/v1/machines") return (await findMachine(client, typed)).id;
  if (parameter !== "id" || /^-?\d+$/.test(typed)) return typed;
  const separator = collection.includes("?") ? "&" : "?";
  const known = await Array.fromAsync(client.all(`${collection}${separator}limit=1000`, item)).catch(() => []);
  const found = known.filter((one) => String(one["id"]) === typed || names.some((name) => one[name] === typed));
  const [only] = found;
  if (found.length === 1 && only !== undefined) return String(only["id"]);
  if (found.length > 1)
    throw new CliError(
      `${found.length} of them are called '${typed}'.`,
      `Name one by its number: ${found.map((one) => String(one["id"])).join(", ")}.`,
      2,
    );
  const all = known.flatMap((one) => names.flatMap((name) => (typeof one[name] === "string" ? [one[name]] : [])));
  const near = nearest(typed, all);
  throw new CliError(
    `There is no ${argument.replaceAll("-", " ")} '${typed}'.`,
    near === undefined ? "List them to see what there is." : `Did you mean ${near}?`,
    2,
  );
}
