import type { Command } from "commander";

function section(command: Command, path: string): string[] {
  const help = command.createHelp();
  const visible = help.visibleCommands(command).filter((sub) => sub.name() !== "help");
  const options = help
    .visibleOptions(command)
    .filter((option) => option.long !== "--help" && option.long !== "--version");
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
    ...(options.length === 0
      ? []
      : [
          "| option | meaning |",
          "| --- | --- |",
          ...options.map((option) => `| \`${option.flags}\` | ${help.optionDescription(option)} |`),
          "",
        ]),
    ...visible.flatMap((sub) => section(sub, `${path} ${sub.name()}`)),
  ];
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
    ...visible.flatMap((sub) => section(sub, `rackwright ${sub.name()}`)),
  ].join("\n");
}
