import type { Command } from "commander";
import type { Context } from "../context.ts";
import { placeCommands } from "./places.ts";

/** `rackwright zones …`. */
export function zonesCommand(program: Command, context: Context): void {
  const description = "parts of the site that fail as a whole, one of which every machine is in";
  placeCommands(program, context, { plural: "zones", title: "zone", description });
}
