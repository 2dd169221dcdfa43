import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { demoCommand } from "./commands/demo.ts";
import { eventsCommand } from "./commands/events.ts";
import { imagesCommand } from "./commands/images.ts";
import { labCommand } from "./commands/lab.ts";
import { machinesCommand } from "./commands/machines.ts";
import { programCommands } from "./commands/tests.ts";
import { upCommand } from "./commands/up.ts";
import { userCommands } from "./commands/users.ts";
import type { Context } from "./context.ts";

const commands = [
  upCommand,
  demoCommand,
  labCommand,
  imagesCommand,
  machinesCommand,
  eventsCommand,
  userCommands,
  programCommands,
];

/** The whole command line, ready to parse. */
export function buildProgram(context: Context): Command {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const program = new Command("rackwright")
    .description("Bare-metal provisioning: racks of physical servers as an elastic pool behind an API.")
    .version(manifest.version)
    .enablePositionalOptions()
    .showHelpAfterError("(see --help)")
    .exitOverride();
  for (const add of commands) add(program, context);
  return program;
}
