import type { Command } from "commander";
import type { Context } from "../context.ts";
import { placeCommands } from "./places.ts";

/** `rackwright pools …`. */
export function poolsCommand(program: Command, context: Context): void {
  const description = "machines set apart for a purpose, one of which every machine is in";
  placeCommands(program, context, { plural: "pools", title: "resource pool", description });
}
