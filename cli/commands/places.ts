import type { Command } from "commander";
import { zone } from "@rackwright/contract";
import type { Zone } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { showList } from "../terminal.ts";

type Kind = { plural: string; title: string; description: string };

/** What zones and resource pools have in common: `list`, `create`, `update`, `delete`. */
export function placeCommands(program: Command, context: Context, { plural, title, description }: Kind): void {
  const path = `/api/v1/${plural}`;
  const places = program.command(plural).description(description);
  const show = (options: CommonOptions & Listing, all: readonly Zone[]): void => {
    if (options.json) return context.terminal.print(JSON.stringify(all));
    const rows = all.map((one) => [one.name, String(one.machines), one.description]);
    showList(context.terminal, ["name", "machines", "description"], rows, emptyOf(options, `No ${title}.`));
  };

  withTarget(withListing(places.command("list").description(`${title}s with how many machines are in them`))).action(
    async (options: CommonOptions & Listing) =>
      show(options, await Array.fromAsync(clientOf(context, options).all(listingPath(path, options), zone))),
  );
  withTarget(places.command("create <name>").description(`make a ${title}`))
    .option("--description <text>", "what it is for", "")
    .action(async (name: string, options: CommonOptions & { description: string }) => {
      const body = { name, description: options.description };
      show(options, [await clientOf(context, options).send("POST", path, body, zone)]);
    });
  withTarget(places.command("update <name>").description(`change a ${title}`))
    .option("--name <name>", "its new name")
    .option("--description <text>", "what it is for")
    .action(async (name: string, options: CommonOptions & { name?: string; description?: string }) => {
      if (options.name === undefined && options.description === undefined)
        throw new CliError("Nothing is given to change.", "Give --name or --description.", 2);
      const body = {
        ...(options.name !== undefined && { name: options.name }),
        ...(options.description !== undefined && { description: options.description }),
      };
      show(options, [
        await clientOf(context, options).send("PATCH", `${path}/${encodeURIComponent(name)}`, body, zone),
      ]);
    });
  withTarget(
    places.command("delete <name>").description(`delete a ${title}; its machines come to the default one`),
  ).action(async (name: string, options: CommonOptions) => {
    await clientOf(context, options).send("DELETE", `${path}/${encodeURIComponent(name)}`, undefined, z.unknown());
    if (!options.json) context.terminal.print(`${name} is deleted.`);
  });
}
