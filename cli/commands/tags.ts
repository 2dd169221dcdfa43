import type { Command } from "commander";
import { tag } from "@rackwright/contract";
import type { Tag } from "@rackwright/contract";
import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { showList } from "../terminal.ts";

type Fields = { comment?: string; kernelOptions?: string; xpath?: string; filter?: string };

/** What the options say of a tag, as the API takes it; what is not given is left out. */
export function tagFields({ comment, kernelOptions, xpath, filter }: Fields): Record<string, string> {
  if (xpath !== undefined && filter !== undefined)
    throw new CliError("--xpath and --filter are both given.", "A tag has one definition.", 2);
  const definition = xpath ?? filter;
  return {
    ...(comment !== undefined && { comment }),
    ...(kernelOptions !== undefined && { kernel_options: kernelOptions }),
    ...(definition !== undefined && { definition, definition_kind: xpath === undefined ? "filter" : "xpath" }),
  };
}

function withFields(command: Command): Command {
  return command
    .option("--comment <text>", "what it is for")
    .option("--kernel-options <words>", "kernel options its machines boot with")
    .option("--xpath <expression>", "machines for whose lshw document this XPath expression is true have it")
    .option("--filter <filter>", "machines this filter finds have it, such as 'cpu>=64 vendor:dell*'");
}

/** `rackwright tags …`: tags, their definitions, and the machines they are given to by hand. */
export function tagsCommand(program: Command, context: Context): void {
  const tags = program.command("tags").description("names for machines, given by hand or found by a definition");
  const pathOf = (name: string): string => `/api/v1/tags/${encodeURIComponent(name)}`;
  const show = (options: CommonOptions & Listing, all: readonly Tag[]): void => {
    if (options.json) return context.terminal.print(JSON.stringify(all));
    const rows = all.map((one) => [
      one.name,
      one.pending === 0 ? String(one.machines) : `${one.machines} (${one.pending} to be asked)`,
      one.definition === null ? "by hand" : `${one.definition_kind}: ${one.definition}`,
      one.kernel_options || "-",
      one.comment,
    ]);
    const header = ["name", "machines", "given", "kernel options", "comment"];
    showList(context.terminal, header, rows, emptyOf(options, "No tag yet. 'rackwright tags create NAME' makes one."));
  };

  withTarget(withListing(tags.command("list").description("tags with how many machines have them"))).action(
    async (options: CommonOptions & Listing) => {
      const path = listingPath("/api/v1/tags", options);
      show(options, await Array.fromAsync(clientOf(context, options).all(path, tag)));
    },
  );
  withTarget(withFields(tags.command("create <name>").description("make a tag"))).action(
    async (name: string, options: CommonOptions & Fields) => {
      const body = { name, ...tagFields(options) };
      show(options, [await clientOf(context, options).send("POST", "/api/v1/tags", body, tag)]);
    },
  );
  withTarget(withFields(tags.command("update <name>").description("change a tag")))
    .option("--name <name>", "its new name")
    .option("--by-hand", "take its definition away; the machines that have it keep it")
    .action(async (name: string, options: CommonOptions & Fields & { name?: string; byHand?: boolean }) => {
      const fields = tagFields(options);
      if (options.byHand && fields["definition"] !== undefined)
        throw new CliError("--by-hand is given with a definition.", "Give one of them.", 2);
      const body = {
        ...fields,
        ...(options.name !== undefined && { name: options.name }),
        ...(options.byHand && { definition: null, definition_kind: null }),
      };
      if (Object.keys(body).length === 0)
        throw new CliError("Nothing is given to change.", "See --help of this command.", 2);
      show(options, [await clientOf(context, options).send("PATCH", pathOf(name), body, tag)]);
    });
  withTarget(tags.command("delete <name>").description("delete a tag; machines lose it")).action(
    async (name: string, options: CommonOptions) => {
      await clientOf(context, options).send("DELETE", pathOf(name), undefined, z.unknown());
      if (!options.json) context.terminal.print(`${name} is deleted.`);
    },
  );
  const idsOf = async (client: ApiClient, names: readonly string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const name of names) ids.push((await findMachine(client, name)).id);
    return ids;
  };
  for (const [verb, description] of [
    ["add", "give a tag to machines"],
    ["remove", "take a tag from machines"],
  ] as const)
    withTarget(tags.command(`${verb} <tag> <machines...>`).description(description)).action(
      async (name: string, machines: string[], options: CommonOptions) => {
        const client = clientOf(context, options);
        const body = { [verb]: await idsOf(client, machines) };
        show(options, [await client.send("POST", `${pathOf(name)}/machines`, body, tag)]);
      },
    );
}
