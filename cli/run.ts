import { CommanderError } from "commander";
import type { Context } from "./context.ts";
import { CliError, inOptions } from "./errors.ts";
import { flagsOf } from "./flags.ts";
import { buildProgram } from "./program.ts";
import { processTerminal } from "./terminal.ts";

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interruption.abort());
// Whoever reads us may have enough, as head(1) does: that is how SIGPIPE ends other programs.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 141 : 1));
const terminal = processTerminal(process.stdout, process.stderr);
const context: Context = { terminal, environment: process.env, interrupted: interruption.signal };
const asked: { command: string; flags: Readonly<Record<string, string>> } = { command: "rackwright", flags: {} };

try {
  const program = buildProgram(context);
  program.hook("preAction", (_, command) => {
    asked.command = program
      .createHelp()
      .commandUsage(command)
      .replace(/ [[<].*$/, "");
    asked.flags = flagsOf(command);
  });
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof CliError) {
    terminal.say(`rackwright: ${inOptions(error, asked.flags).message}`);
    if (error.next !== "")
      terminal.say(`  ${error.next.replace("--help of this command", `'${asked.command} --help'`)}`);
    process.exitCode = error.exitCode;
  } else if (error instanceof Error && /^Lab(Request|Host)Error$/.test(error.name)) {
    // Their classes are part of what only the virtual rack's own commands load.
    terminal.say(`rackwright: ${error.message}`);
    process.exitCode = error.name === "LabRequestError" ? 2 : 1;
  } else if (interruption.signal.aborted) process.exitCode = 130;
  else {
    const detail =
      error instanceof Error ? (process.env["RACKWRIGHT_DEBUG"] ? error.stack : error.message) : String(error);
    terminal.say(`rackwright: unexpected error: ${detail ?? ""}`);
    terminal.say("  Set RACKWRIGHT_DEBUG=1 to see where it came from.");
    process.exitCode = 70;
  }
}
