import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Command } from "commander";
import { explanation } from "@rackwright/contract";
import type { Explanation, Machine } from "@rackwright/contract";
import { clientOf, placesOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { findMachine } from "../find.ts";
import { duration, moment, spoken } from "../words.ts";

const consoleLines = 15;
const longestTail = 65_536;

const acts: Readonly<Record<NonNullable<Explanation["cause"]>["blame"], string>> = {
  operator: "you: what was asked or set up cannot be",
  machine: "the machine, its BMC, or another peer on the wire",
  rackwright: "Rackwright itself; please report it",
  outside: "the world outside: disk, network, database, another program",
};

/** `rackwright explain`: why a machine is as it is. */
export function explainCommand(program: Command, context: Context): void {
  withTarget(program.command("explain <machine>").description("why a machine failed, or what it waits for")).action(
    async (name: string, options: CommonOptions) => {
      const client = clientOf(context, options);
      const machine = await findMachine(client, name);
      const told = await client.get(`/api/v1/machines/${machine.id}/explanation`, explanation);
      const screen = told.verdict === "healthy" ? [] : await labConsole(placesOf(context, options).state, machine);
      if (options.json) return context.terminal.print(JSON.stringify({ ...told, console: screen }));
      for (const line of explanationLines(told, screen)) context.terminal.print(line);
    },
  );
}

/** An explanation as lines for a person; `screen` is the end of the machine's serial console where there is one. */
export function explanationLines(told: Explanation, screen: readonly string[]): string[] {
  const { failure, cause, waits } = told;
  return [
    spoken(told.sentence),
    ...(failure === null ? [] : ["", `code      ${failure.code}${cause === null ? "" : `: ${cause.title}`}`]),
    ...(cause === null ? [] : [`means     ${cause.meaning}`, `to act    ${acts[cause.blame]}`]),
    ...(failure === null ? [] : failure.evidence.map((line) => `evidence  ${line}`)),
    ...(told.next === null ? [] : [`next      ${spoken(told.next)}`]),
    ...(waits === null
      ? []
      : [
          "",
          `waits for ${waits.for}`,
          `since     ${moment(waits.since)}`,
          `until     ${waits.until === null ? "-" : moment(waits.until)}`,
          `then      ${waits.afterwards}`,
        ]),
    ...section("troubles on the way", told.troubles.map(troubleLine)),
    ...section(
      "last seen",
      told.seen.map(({ at, source, text }) => `${moment(at)} ${source.padEnd(18)} ${text}`),
    ),
    ...section(
      "last phases",
      told.phases.map(
        ({ name, started_at, seconds, outcome }) =>
          `${moment(started_at)} ${name.padEnd(18)} ${outcome}${seconds === null ? "" : ` after ${duration(seconds)}`}`,
      ),
    ),
    ...section("its serial console ends with", screen),
  ];
}

function troubleLine({ at, source, text, failure }: Explanation["troubles"][number]): string {
  return `${moment(at)} ${source.padEnd(18)} [${failure.code}] ${text}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** The end of a machine's serial console, where it is one of a virtual rack on this host; else nothing. */
async function labConsole(state: string, machine: Machine): Promise<string[]> {
  const { loadLab } = await import("@rackwright/lab");
  const folders = (await readdir(join(state, "labs")).catch(() => [])).map((name) => join(state, "labs", name));
  for (const folder of [...folders, join(state, "lab")]) {
    const lab = await loadLab(folder).catch(() => undefined);
    const found = lab?.machines.map((each) => each.describe()).find(({ mac }) => machine.macs.includes(mac));
    if (found === undefined) continue;
    return lastLines(await readFile(found.consoleLog, "utf8").catch(() => ""));
  }
  return [];
}

/** The last lines of a console without its control sequences (ECMA-48 5.4). */
function lastLines(text: string): string[] {
  return stripVTControlCharacters(text.slice(-longestTail))
    .split(/[\r\n]+/)
    .map((line) => line.replaceAll(/[^\t -\u{10ffff}]|\u007f/gu, "").trimEnd())
    .filter((line) => line !== "")
    .slice(-consoleLines);
}
