import { bulkResult } from "@rackwright/contract";
import type { Command } from "commander";
import { report, withNames } from "../bulk.ts";
import { clientOf, withTarget } from "../context.ts";
import type { Context } from "../context.ts";
import { findMachine, findMachines } from "../find.ts";
import { listed } from "../options.ts";
import type { MachineVerbs, Options } from "./machine-verbs.ts";

/** The verbs of `rackwright machines` that change what is known of machines: zone, pool, tags; clone, delete. */
export function machineChangeCommands(
  machines: Command,
  context: Context,
  { verb, perform }: Pick<MachineVerbs, "verb" | "perform">,
): void {
  machines.commandsGroup("Change:");
  for (const kind of ["zone", "pool"] as const)
    verb(`set-${kind}`, `put machines into a ${kind === "zone" ? "zone" : "resource pool"}`)
      .requiredOption("--to <name>", `the ${kind}`)
      .action((names: string[], options: Options & { to: string }) =>
        perform(names, options, `set_${kind}`, { [kind]: options.to }),
      );

  for (const [name, api, description] of [
    ["tag", "add_tags", "give tags to machines"],
    ["untag", "remove_tags", "take tags from machines"],
  ] as const)
    verb(name, description)
      .requiredOption("--tags <names>", "tags with commas between")
      .action((names: string[], options: Options & { tags: string }) =>
        perform(names, options, api, { tags: listed(options.tags) }),
      );

  withTarget(
    machines
      .command("clone <source> <machine...>")
      .description("set machines up as another one is: its zone, pool and tags given by hand")
      .option("--no-place", "leave their zone and pool")
      .option("--no-tags", "leave their tags"),
  ).action(async (source: string, names: string[], options: Options & { place: boolean; tags: boolean }) => {
    const client = clientOf(context, options);
    const { id } = await findMachine(client, source);
    const destinations = await findMachines(client, names);
    const body = {
      source: id,
      destinations: destinations.map((one) => one.id),
      place: options.place,
      tags: options.tags,
    };
    const { items } = await client.send("POST", "/api/v1/machines/clone", body, bulkResult);
    report(context, options.json, withNames(items, destinations));
  });

  verb("delete", "forget machines").action((names: string[], options: Options) =>
    perform(names, options, "delete", {}),
  );
}
