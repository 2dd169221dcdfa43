import type { Command } from "commander";
import { nearest, resultTypes, scriptResult } from "@rackwright/contract";
import type { ScriptResult } from "@rackwright/contract";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import { oneOf } from "../options.ts";
import { showList } from "../terminal.ts";

type ResultOptions = CommonOptions & {
  type?: string;
  history?: boolean;
  output?: string;
  stream: string;
  follow?: boolean;
};

/** Adds to `rackwright machines`: what scripts found on a machine, and failures that shall not count. */
export function resultCommands(machines: Command, context: Context): void {
  const print = (line: string): void => context.terminal.print(line);

  withTarget(machines.command("results <machine>").description("what scripts found on a machine"))
    .option("--type <type>", "only commissioning, testing, release or installation", oneOf(resultTypes))
    .option("--history", "also of earlier runs")
    .option("--output <name>", "print the output of this script, or of the result with this number")
    .option("--stream <stream>", "of --output: out, err or combined", oneOf(["out", "err", "combined"]), "combined")
    .option("--follow", "with --output: go on while the script runs")
    .action(async (name: string, options: ResultOptions) => {
      if (options.follow && options.output === undefined)
        throw new CliError("--follow needs --output.", "Name the script whose output shall be followed.", 2);
      const client = clientOf(context, options);
      const { id } = await findMachine(client, name);
      const found = await resultsOf(client, id, options);
      if (options.output !== undefined) return printOutput(context, client, choose(found, options.output), options);
      if (options.json) return print(JSON.stringify(found));
      const header = ["result", "type", "script", "device", "status", "seconds", "told"];
      showList(context.terminal, header, found.map(row), "No script ran on this machine yet.");
    });

  for (const verb of ["suppress", "unsuppress"] as const)
    withTarget(
      machines
        .command(`${verb} <machine> <result>`)
        .description(verb === "suppress" ? "let a script's failure not count" : "let a script's failure count again"),
    ).action(async (name: string, wanted: string, options: CommonOptions) => {
      const client = clientOf(context, options);
      const { id } = await findMachine(client, name);
      const result = choose(await resultsOf(client, id, { history: /^[0-9]+$/.test(wanted) }), wanted);
      const made = await client.send("POST", `/api/v1/results/${result.id}/${verb}`, undefined, scriptResult);
      print(
        options.json
          ? JSON.stringify(made)
          : `${made.name} (${made.id}): ${made.status}${made.suppressed ? ", does not count" : ""}`,
      );
    });
}

async function resultsOf(
  client: ApiClient,
  machine: string,
  { type, history }: { type?: string; history?: boolean },
): Promise<ScriptResult[]> {
  const query = new URLSearchParams({ limit: "1000" });
  if (type) query.set("type", type);
  if (history) query.set("history", "true");
  const found: ScriptResult[] = [];
  for await (const one of client.all(`/api/v1/machines/${machine}/results?${query.toString()}`, scriptResult))
    found.push(one);
  return found.toReversed();
}

function row(one: ScriptResult): string[] {
  const values = Object.entries(one.results).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const told = [
    ...(one.suppressed ? ["does not count"] : []),
    ...(one.error === null ? [] : [one.error]),
    ...values,
  ].join("; ");
  return [
    String(one.id),
    one.type,
    one.name,
    one.device ?? "-",
    one.status,
    one.runtime?.toFixed(1) ?? "-",
    told.replaceAll(/\s+/g, " "),
  ];
}

/** The result a name or number means; of several devices the one that failed, else the first. */
function choose(found: readonly ScriptResult[], wanted: string): ScriptResult {
  const fitting = found.filter((one) => one.name === wanted || String(one.id) === wanted);
  const chosen = fitting.find((one) => /failed|timed out/.test(one.status)) ?? fitting[0];
  if (chosen !== undefined) return chosen;
  const near = nearest(
    wanted,
    found.map(({ name }) => name),
  );
  throw new CliError(
    `This machine has no result '${wanted}'.`,
    `${near === undefined ? "" : `Did you mean ${near}? `}See 'rackwright machines results MACHINE --history' for names and numbers.`,
    2,
  );
}

/** On a terminal as text without control sequences, since it comes from a machine; into a file or a pipe as it is. */
async function printOutput(
  context: Context,
  client: ApiClient,
  result: ScriptResult,
  options: ResultOptions,
): Promise<void> {
  const decoder = new TextDecoder();
  let line = "";
  let offset = 0;
  for (;;) {
    const query = new URLSearchParams({
      stream: options.stream,
      offset: String(offset),
      wait: options.follow ? "20" : "0",
    });
    const { body, headers } = await client.read(`/api/v1/results/${result.id}/output?${query.toString()}`);
    if (context.terminal.width === null) context.terminal.write(body);
    else {
      const lines = (line + decoder.decode(body, { stream: true })).split("\n");
      line = lines.pop() ?? "";
      for (const one of lines) context.terminal.print(one);
    }
    const next = Number(headers["x-next-offset"] ?? offset);
    const over = !/^(pending|running|installing dependencies|applying network configuration)$/.test(
      String(headers["x-result-status"]),
    );
    if (!options.follow || context.interrupted.aborted || (over && next === offset)) break;
    offset = next;
  }
  line += decoder.decode();
  if (line !== "") context.terminal.print(line);
}
