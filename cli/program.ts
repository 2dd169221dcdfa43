import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Help } from "commander";
import type { Option } from "commander";
import { apiCommands } from "./api/commands.ts";
import { meaningOf } from "./arguments.ts";
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
import { type Context, commonHeading } from "./context.ts";
import { closing, examples } from "./examples.ts";

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

/** What every command has comes after what is its own, in whichever order they were added. */
function commonLast<T extends Command | Option>(
  all: T[],
  visible: T[],
  groupOf: (item: T) => string,
): Map<string, T[]> {
  const common = (item: T): number => (groupOf(item) === commonHeading ? 1 : 0);
  return new Help().groupItems(
    all.toSorted((one, other) => common(one) - common(other)),
    visible,
    groupOf,
  );
}

/** The line that says how a command is typed, without the other words for it. */
function usageOf(command: Command): string {
  const above = command.parent === null ? "" : `${usageWords(command.parent)} `;
  return `${above}${command.name()} ${command.usage()}`.trim();
}

const usageWords = (command: Command): string =>
  command.parent === null ? command.name() : `${usageWords(command.parent)} ${command.name()}`;

/** The whole command line, ready to parse. */
export function buildProgram(context: Context): Command {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const program = new Command("rackwright")
    .description("Bare-metal provisioning: racks of physical servers as an elastic pool behind an API.")
    .version(manifest.version)
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => context.terminal.print(text.replace(/\n$/, "")),
      writeErr: (text) => context.terminal.say(text.replace(/\n$/, "")),
      outputError: (text, write) => write(plainly(text)),
    })
    // Long lists of commands fit their descriptions in when the terms say what matters alone.
    .configureHelp({ subcommandTerm: termOf, commandUsage: usageOf, groupItems: commonLast })
    .exitOverride();
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const add of commands) add(program, context);
  }
  program.commandsGroup("Everything else of the API:");
  apiCommands(program, context);
  program.addHelpText("after", closing);
  finish(program, "");
  return program;
}

/** Words people try first, and ours. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  list: ["ls"],
  show: ["get", "info"],
  create: ["add", "new"],
  update: ["edit", "change"],
  delete: ["remove", "rm"],
};

/** Gives a command and those below it what all have: examples, other words for it, where its help is. */
function finish(command: Command, path: string): void {
  const words = path === "" ? "rackwright" : `rackwright ${path}`;
  command.showHelpAfterError(`  See '${words} --help'.`);
  for (const one of command.registeredArguments) one.description ||= meaningOf(one.name(), path);
  const typed = Object.hasOwn(examples, path) ? examples[path] : undefined;
  if (typed !== undefined) command.addHelpText("after", `\n${["Examples:", ...typed].join("\n  ")}`);
  for (const sub of command.commands) {
    const others = Object.hasOwn(synonyms, sub.name()) ? (synonyms[sub.name()] ?? []) : [];
    const used = new Set(command.commands.flatMap((one) => [one.name(), ...one.aliases()]));
    for (const other of others) if (!used.has(other)) sub.alias(other);
    finish(sub, `${path} ${sub.name()}`.trim());
  }
}

/** What commander says of wrong input, in our words. */
const plainly = (text: string): string =>
  text
    .replace(/^error: /, "rackwright: ")
    .replace(
      /command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are /s,
      "'$1' is no $2; it must be one of ",
    )
    .replace(/command-argument value '(.*)' is invalid for argument '(.*)'\. /s, "<$2> cannot be '$1'. ")
    .replace(/\. Allowed choices are /, ". It must be one of: ")
    .replace(/option '([^']*)' argument '(.*)' is invalid\. /s, "$1 cannot be '$2'. ");
