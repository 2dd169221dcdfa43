import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { apiCommands } from "./api/commands.ts";
import { bootCommand } from "./commands/boot.ts";
import { completionCommand } from "./commands/completion.ts";
import { demoCommand } from "./commands/demo.ts";
import { eventsCommand } from "./commands/events.ts";
import { explainCommand } from "./commands/explain.ts";
import { importCommand } from "./commands/import.ts";
import { groupsCommand } from "./commands/groups.ts";
import { imagesCommand } from "./commands/images.ts";
import { labCommand } from "./commands/lab.ts";
import { loginCommands } from "./commands/login.ts";
import { machinesCommand } from "./commands/machines.ts";
import { poolsCommand } from "./commands/pools.ts";
import { secretsCommand } from "./commands/secrets.ts";
import { settingsCommand } from "./commands/settings.ts";
import { siteDocumentCommands } from "./commands/site-document.ts";
import { siteCommands } from "./commands/site.ts";
import { sshKeysCommand } from "./commands/ssh-keys.ts";
import { subnetsCommand } from "./commands/subnets.ts";
import { tagsCommand } from "./commands/tags.ts";
import { programCommands } from "./commands/tests.ts";
import { upCommand } from "./commands/up.ts";
import { userCommands } from "./commands/users.ts";
import { zonesCommand } from "./commands/zones.ts";
import { scriptsCommand } from "./commands/scripts.ts";
import type { Context } from "./context.ts";

const groups = {
  "Start:": [upCommand, demoCommand, labCommand],
  "Machines:": [machinesCommand, explainCommand, eventsCommand, bootCommand],
  "Site:": [
    siteCommands,
    siteDocumentCommands,
    importCommand,
    scriptsCommand,
    tagsCommand,
    zonesCommand,
    poolsCommand,
    subnetsCommand,
    imagesCommand,
    settingsCommand,
  ],
  "People:": [loginCommands, userCommands, groupsCommand, sshKeysCommand, secretsCommand],
  "Programs and tools:": [programCommands, completionCommand],
} as const;

/** A command with its arguments, as the list of commands shows it. */
function termOf(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(" ");
}

/** The whole command line, ready to parse. */
export function buildProgram(context: Context): Command {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const program = new Command("rackwright")
    .description("Bare-metal provisioning: racks of physical servers as an elastic pool behind an API.")
    .version(manifest.version)
    .enablePositionalOptions()
    .showHelpAfterError("  See --help of this command.")
    .configureOutput({
      writeOut: (text) => context.terminal.print(text.replace(/\n$/, "")),
      writeErr: (text) => context.terminal.say(text.replace(/\n$/, "")),
      outputError: (text, write) => write(text.replace(/^error: /, "rackwright: ")),
    })
    // Long lists of commands fit their descriptions in when the terms say what matters alone.
    .configureHelp({ subcommandTerm: termOf })
    .exitOverride();
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const add of commands) add(program, context);
  }
  program.commandsGroup("Everything else of the API:");
  apiCommands(program, context);
  return program;
}
