import type { Argument, Command, Option } from "commander";

/** A word the shell may put in place of what is being typed. */
export interface Suggestion {
  readonly value: string;
  readonly description: string;
}

/** Either words, or: the shell shall offer its files. */
export type Suggestions = readonly Suggestion[] | "files";

/** What a value is asked for: where in the command line, and what was given before it. */
export interface Wanted {
  /** The command in full, such as `machines show`. */
  readonly path: string;
  /** The option's or argument's own word, such as `machine` of `--machine <name>` or of `<machine>`. */
  readonly noun: string;
  /** The word in the angle brackets. */
  readonly placeholder: string;
  /** What was typed of it. */
  readonly typed: string;
  /** Options given so far, by their names in camel case. */
  readonly given: Readonly<Record<string, string>>;
}

/** Knows values that are not in the program itself: names of machines, interfaces of the host. */
export type ValueSource = (wanted: Wanted) => Promise<Suggestions>;

/** What a shell may insert without quoting it. Anything else could do more than name a thing once Enter is pressed. */
const harmless = /^[A-Za-z0-9][\w@%+,./:-]*$|^-{1,2}[a-z0-9][a-z0-9-]*$/;

/**
 * What may stand in place of the last of `words`: commands, options, choices and values, in that order of the program's
 * own help.
 *
 * @param words everything after the program's name up to the cursor; the last one is being typed and may be empty
 */
export async function suggest(program: Command, words: readonly string[], source: ValueSource): Promise<Suggestions> {
  const typed = words.at(-1) ?? "";
  const place = walk(program, words.slice(0, -1));
  const { command, pending, given } = place;
  const path = pathOf(command);
  const ask = (holder: Option | Argument, noun: string, placeholder: string, text: string): Promise<Suggestions> =>
    holder.argChoices === undefined
      ? source({ path, noun, placeholder, typed: text, given })
      : Promise.resolve(holder.argChoices.map((value) => ({ value, description: "" })));
  const ofOption = (option: Option, text: string): Promise<Suggestions> =>
    ask(option, option.name(), placeholderOf(option), text);
  const assigned = place.literal ? null : /^(--[^=]+)=(.*)$/s.exec(typed);

  if (pending !== undefined && !(pending.variadic && typed.startsWith("-")))
    return fitting(await ofOption(pending, typed), typed);
  if (assigned !== null) {
    const [, flag = "", text = ""] = assigned;
    const option = optionOf(command, flag);
    if (option === undefined || option.isBoolean()) return [];
    const found = fitting(await ofOption(option, text), text);
    return found === "files" ? found : found.map((each) => ({ ...each, value: `${flag}=${each.value}` }));
  }
  if (!place.literal && typed.startsWith("-")) return fitting(optionsOf(command, given), typed);
  const commands = place.operands === 0 ? commandsOf(command) : [];
  const argument = argumentAt(command, place.operands);
  const values = argument === undefined ? [] : await ask(argument, argument.name(), argument.name(), typed);
  return values === "files" ? values : fitting([...commands, ...values], typed);
}

interface Place {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  readonly given: Readonly<Record<string, string>>;
  /** How many arguments of the command are there already. */
  readonly operands: number;
  /** After `--` nothing is an option. */
  readonly literal: boolean;
}

/** Follows finished words through the program, as commander does when it parses them. */
function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let pending: Option | undefined;
  let operands = 0;
  let literal = false;
  const given: Record<string, string> = {};
  for (const word of words) {
    if (pending !== undefined && !(pending.variadic && word.startsWith("-"))) {
      given[pending.attributeName()] = word;
      if (!pending.variadic) pending = undefined;
      continue;
    }
    pending = undefined;
    const sub = operands === 0 && !literal ? command.commands.find((each) => namesOf(each).includes(word)) : undefined;
    if (sub !== undefined) command = sub;
    else if (literal || !word.startsWith("-") || word === "-") operands++;
    else if (word === "--") literal = true;
    else {
      const [flag = "", ...value] = word.split("=");
      const option = optionOf(command, flag);
      if (option === undefined) continue;
      if (option.isBoolean()) given[option.attributeName()] = "";
      else if (value.length > 0) given[option.attributeName()] = value.join("=");
      else pending = option;
    }
  }
  return { command, pending, given, operands, literal };
}

const namesOf = (command: Command): string[] => [command.name(), ...command.aliases()];

function pathOf(command: Command): string {
  const above = command.parent === null ? "" : pathOf(command.parent);
  return command.parent === null ? "" : `${above} ${command.name()}`.trim();
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find((option) => option.long === flag || option.short === flag);
}

/** The word in the angle or square brackets of an option's flags. */
const placeholderOf = (option: Option): string => /[<[]([^.>\]=]+)/.exec(option.flags)?.[1] ?? "";

function optionsOf(command: Command, given: Readonly<Record<string, string>>): Suggestion[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.variadic || !(option.attributeName() in given))
    .map((option) => ({ value: option.long ?? option.short ?? "", description: option.description }));
}

function commandsOf(command: Command): Suggestion[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.description() }));
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const known = command.registeredArguments;
  const last = known.at(-1);
  return known[index] ?? (last?.variadic ? last : undefined);
}

function fitting(found: Suggestions, typed: string): Suggestions {
  if (found === "files") return found;
  const seen = new Set<string>();
  return found.filter(({ value }) => {
    const fits = value.startsWith(typed) && harmless.test(value) && !seen.has(value);
    seen.add(value);
    return fits;
  });
}
