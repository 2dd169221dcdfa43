import type { Command } from "commander";
import { nearest } from "@rackwright/contract";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { collect } from "../options.ts";

const path = "/api/v1/settings";
type Tree = { readonly [name: string]: unknown };
const tree: z.ZodType<Tree> = z.record(z.string(), z.unknown());

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

/** Every setting by its full name, such as `deadlines.deploying.total`. */
export function flat(settings: Tree, above = ""): [name: string, value: unknown][] {
  return Object.entries(settings).flatMap(([name, value]): [string, unknown][] =>
    isTree(value) ? flat(value, `${above}${name}.`) : [[`${above}${name}`, value]],
  );
}

/**
 * The settings with some changed, as far as the API needs them: each group that holds a change, in whole.
 *
 * @throws CliError for a name that is no setting, or a text without `=`
 */
export function changed(settings: Tree, changes: readonly string[]): Tree {
  const all = structuredClone(settings);
  const groups = new Set<string>();
  for (const change of changes) {
    const [, name = "", text = ""] = /^([^=]+)=(.*)$/s.exec(change) ?? [];
    const names = flat(all).map(([known]) => known);
    if (!names.includes(name)) {
      const near = nearest(name, names);
      const advice = `${near === undefined ? "" : `Did you mean ${near}? `}Give name=value; see 'rackwright settings show'.`;
      throw new CliError(`'${change}' names no setting.`, advice, 2);
    }
    const parts = name.split(".");
    groups.add(parts[0] ?? "");
    let holder: Tree = all;
    for (const part of parts.slice(0, -1)) {
      const inner = holder[part];
      if (isTree(inner)) holder = inner;
    }
    Object.assign(holder, { [parts.at(-1) ?? ""]: valueOf(text) });
  }
  return Object.fromEntries(Object.entries(all).filter(([name]) => groups.has(name)));
}

/** Numbers and yes or no as such, everything else as text. */
function valueOf(text: string): unknown {
  if (/^-?[0-9]+$/.test(text)) return Number(text);
  if (text === "true" || text === "yes") return true;
  return text === "false" || text === "no" ? false : text;
}

/** `rackwright settings …`. */
export function settingsCommand(program: Command, context: Context): void {
  const settings = program
    .command("settings")
    .description("what holds for the whole site: deadlines, releases, new machines");
  const show = (json: boolean | undefined, all: Tree): void => {
    if (json) return context.terminal.print(JSON.stringify(all));
    for (const [name, value] of flat(all)) context.terminal.print(`${name}=${String(value)}`);
  };
  withTarget(settings.command("show").description("all settings; times are in seconds")).action(
    async (options: CommonOptions) => show(options.json, await clientOf(context, options).get(path, tree)),
  );
  withTarget(
    settings
      .command("set")
      .description("change settings, such as release.erase=yes or 'deadlines.disk erasing.total=86400'")
      .argument("<name=value...>", "settings as 'settings show' prints them", collect),
  ).action(async (changes: string[], options: CommonOptions) => {
    const client = clientOf(context, options);
    const before = await client.get(path, tree);
    const after = await client.send("PATCH", path, changed(before, changes), tree);
    if (options.json) return show(options.json, after);
    const were = new Map(flat(before));
    const differing = flat(after).filter(([name, value]) => were.get(name) !== value);
    for (const [name, value] of differing)
      context.terminal.print(`${name}=${String(value)} (was ${String(were.get(name))})`);
    if (differing.length === 0) context.terminal.say("Nothing changed: it was set so already.");
  });
}
