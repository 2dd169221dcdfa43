import type { Command } from "commander";

/** What every list can be asked for: which of the things, and in which order. */
export type Listing = { filter?: string; sort?: string };

/** Adds `--filter` and `--sort` to a command that lists things. */
export function withListing(command: Command): Command {
  return command
    .option("--filter <filter>", "only what this finds, such as 'name:lab*'; fields: docs/reference/list-fields.md")
    .option("--sort <fields>", "such as -name,id: up to three fields; '-' goes downwards");
}

/** What is said where a list is empty: that there is none yet, or that the filter finds none of those there are. */
export const emptyOf = ({ filter }: Listing, words: string): string =>
  filter === undefined || filter === "" ? words : "The filter finds none.";

/** The path of a list with what it was asked for, in pages as large as there are; what is undefined is left out. */
export function listingPath(
  path: string,
  { filter, sort }: Listing,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const asked = new URLSearchParams({ limit: "1000" });
  for (const [name, value] of Object.entries({ ...query, filter, sort })) if (value) asked.set(name, value);
  return `${path}?${asked.toString()}`;
}
