import { Argument } from "commander";
import type { Command } from "commander";
import { clientOf, placesOf } from "../context.ts";
import type { Context } from "../context.ts";
import { completionScript, shells } from "../completion/shells.ts";
import type { Shell } from "../completion/shells.ts";
import { suggest } from "../completion/suggest.ts";
import { valueSource } from "../completion/values.ts";

/** Somebody waits with a finger on the key. */
const patienceSeconds = 2;

/** `rackwright completion`: what a shell needs to complete commands, options, choices and names. */
export function completionCommand(program: Command, context: Context): void {
  const completion = program
    .command("completion")
    .description("print the completion script of a shell, to be sourced")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(shells))
    .action((shell: Shell) => context.terminal.print(completionScript(shell)));

  // The scripts ask this. A line is a value, a tab and what it means.
  completion
    .command("suggest [words...]", { hidden: true })
    .description("print what may stand in place of the last word")
    .action(async (words: string[]) => {
      const source = valueSource({
        client: (given) => clientOf(context, given, patienceSeconds),
        state: (given) => placesOf(context, given).state,
      });
      const found = await suggest(program, words, source);
      if (found === "files") return context.terminal.print(":files");
      for (const { value, description } of found)
        context.terminal.print(`${value}\t${description.replaceAll(/\s+/g, " ")}`);
    });
}
