import { Command } from "commander";
import type { Help, Option } from "commander";
import { commonHeading, withTarget } from "./context.ts";
import { examples } from "./examples.ts";

function section(command: Command, path: string): string[] {
  const help = command.createHelp();
  const visible = help.visibleCommands(command).filter((sub) => sub.name() !== "help");
  const options = help.visibleOptions(command).filter((option) => option.long !== "--help");
  const own = options.filter((option) => option.helpGroupHeading !== commonHeading);
  const typed = examples[path.replace(/^rackwright /, "")] ?? [];
  const usage = [path, ...(visible.length > 0 ? ["<command>"] : []), ...(options.length > 0 ? ["[options]"] : [])];
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [
    `## ${path}`,
    "",
    `${command.description()}.`,
    "",
    "```",
    [...usage, ...names].join(" "),
    "```",
    "",
    ...tableOf(own, help),
    ...(own.length === options.length ? [] : ["Also [the options of every command](#options-of-every-command).", ""]),
    ...(typed.length === 0 ? [] : ["Examples:", "", "```", ...typed, "```", ""]),
    ...visible.flatMap((sub) => section(sub, `${path} ${sub.name()}`)),
  ];
}

function tableOf(options: readonly Option[], help: Help): string[] {
  if (options.length === 0) return [];
  const rows = options.map((option) => `| \`${option.flags}\` | ${help.optionDescription(option)} |`);
  return ["| option | meaning |", "| --- | --- |", ...rows, ""];
}

/** The command line's reference page, in Markdown. */
export function referencePage(program: Command): string {
  const visible = program
    .createHelp()
    .visibleCommands(program)
    .filter((sub) => sub.name() !== "help");
  return [
    "# The rackwright command",
    "",
    "Generated from the program itself; `node cli/write-reference.ts` writes it anew.",
    "",
    "Exit status: 0 done · 1 it failed · 2 what was asked is not possible as asked · 3 no region answers · 4 the region failed · 70 a defect · 130 interrupted · 141 nobody reads any more.",
    "Completion in the shell: `source <(rackwright completion bash)`; see [how to complete commands](../how-to/complete-commands.md).",
    "",
    "## Options of every command",
    "",
    "Of every command that asks a region: which one that is, and what its answer looks like.",
    "",
    ...tableOf(withTarget(new Command()).options, program.createHelp()),
    ...visible.flatMap((sub) => section(sub, `rackwright ${sub.name()}`)),
  ].join("\n");
}
