import { CommanderError } from "commander";
import tab from "@bomb.sh/tab/commander";
import { LabHostError, LabRequestError } from "@rackwright/lab";
import type { Context } from "./context.ts";
import { CliError } from "./errors.ts";
import { buildProgram } from "./program.ts";
import { processTerminal } from "./terminal.ts";

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interruption.abort());
const terminal = processTerminal(process.stdout, process.stderr);
const context: Context = { terminal, environment: process.env, interrupted: interruption.signal };
const program = buildProgram(context);
tab(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof CliError) {
    terminal.say(`rackwright: ${error.message}`);
    if (error.next !== "") terminal.say(`  ${error.next}`);
    process.exitCode = error.exitCode;
  } else if (error instanceof LabRequestError || error instanceof LabHostError) {
    terminal.say(`rackwright: ${error.message}`);
    process.exitCode = error instanceof LabRequestError ? 2 : 1;
  } else {
    const detail =
      error instanceof Error ? (process.env["RACKWRIGHT_DEBUG"] ? error.stack : error.message) : String(error);
    terminal.say(`rackwright: unexpected error: ${detail ?? ""}`);
    terminal.say("  Set RACKWRIGHT_DEBUG=1 to see where it came from.");
    process.exitCode = 70;
  }
}
