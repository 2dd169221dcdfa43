import type { Command } from "commander";
import { type Twins, inventoryChanges, machineDetail, twins } from "@rackwright/contract";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import { type Listing, listingPath, withListing } from "../listing.ts";
import { count } from "../options.ts";
import { moment } from "../words.ts";
import { showMachines } from "./machines.ts";

/** One model as lines for people: what all have is left out. */
export function twinLines(model: Twins): string[] {
  const title = `${model.vendor} ${model.product}: ${model.machines} machines`;
  if (model.alike) return [`${title}, all alike`];
  const differing = model.properties.filter(({ different }) => different.length > 0);
  return [
    title,
    ...differing.flatMap(({ property, majority, different, left_off }) => [
      `  ${property}: ${majority === null ? "they differ" : `most have ${majority}`}`,
      ...different.map(({ id, hostname, value }) => `    ${id} ${hostname}: ${value}`),
      ...(left_off > 0 ? [`    and ${left_off} more`] : []),
    ]),
  ];
}

/** `rackwright machines changes`, `twins` and `place`: what machines are made of, and where they belong. */
export function hardwareCommands(machines: Command, context: Context): void {
  withTarget(machines.command("changes <machine>").description("what changed of its hardware between commissionings"))
    .option("--limit <count>", "how many commissionings that found changes", count, 10)
    .action(async (name: string, options: CommonOptions & { limit: number }) => {
      const client = clientOf(context, options);
      const { id } = await findMachine(client, name);
      const most = options.limit;
      let shown = 0;
      for await (const entry of client.all(
        `/api/v1/machines/${id}/inventory-changes?limit=${Math.min(50, most)}`,
        inventoryChanges,
      )) {
        if (shown++ >= most) return;
        if (options.json) context.terminal.print(JSON.stringify(entry));
        else {
          context.terminal.print(`${moment(entry.taken_at)} (since ${moment(entry.since)})`);
          for (const { kind, message } of entry.changes)
            context.terminal.print(`  ${{ added: "+", removed: "-", changed: "~" }[kind]} ${message}`);
          if (entry.left_off > 0) context.terminal.print(`  and ${entry.left_off} more`);
        }
      }
      if (shown === 0 && !options.json) context.terminal.say("Nothing changed since its first commissioning.");
    });

  const list = machines.command("twins").description("machines of one model, and which of them differ from the others");
  withTarget(withListing(list))
    .option("--all", "also models whose machines are all alike")
    .action(async (options: CommonOptions & Listing & { all?: boolean }) => {
      let [models, shown] = [0, 0];
      for await (const model of clientOf(context, options).all(
        listingPath("/api/v1/twins", options, { limit: "100" }),
        twins,
      )) {
        models++;
        if (model.alike && !options.all) continue;
        shown++;
        if (options.json) context.terminal.print(JSON.stringify(model));
        else for (const line of twinLines(model)) context.terminal.print(line);
      }
      if (options.json || shown > 0) return;
      context.terminal.say(
        models === 0
          ? "No two commissioned machines are of one model."
          : "All machines of one model are alike; --all shows them.",
      );
    });

  withTarget(machines.command("place <machine>").description("move a machine to another zone or resource pool"))
    .option("--zone <name>", "zone it is in from now on")
    .option("--pool <name>", "resource pool it is in from now on")
    .action(async (name: string, options: CommonOptions & { zone?: string; pool?: string }) => {
      const { zone, pool } = options;
      if (zone === undefined && pool === undefined)
        throw new CliError("Neither --zone nor --pool is given.", "Name where the machine shall be.", 2);
      const client = clientOf(context, options);
      const { id } = await findMachine(client, name);
      const change = { ...(zone !== undefined && { zone }), ...(pool !== undefined && { pool }) };
      const moved = await client.send("PATCH", `/api/v1/machines/${id}`, change, machineDetail);
      showMachines(context, options.json, [moved]);
    });
}
