import { type Plan, bulkResult } from "@rackwright/contract";
import { type Terminal, bytes, showList, table } from "../terminal.ts";
import { columnsWithin } from "./meanings.ts";
import { moment, spoken } from "../words.ts";

type Item = Record<string, unknown>;

/** Shows an answer of the API: a list as a table of what fits in a line, one thing as a line for each of its fields. */
export function showAnswer(terminal: Terminal, answer: unknown, columns?: readonly string[]): void {
  if (answer === undefined || answer === null || answer === "") return;
  if (Array.isArray(answer) && answer.every(isItem)) return showItems(terminal, answer, columns);
  if (!isItem(answer)) return terminal.print(text(answer));
  for (const line of lines(answer, terminal.width)) terminal.print(line);
}

/** One thing: its fields, then what it is made of, each list of things as a table below its name. */
function lines(answer: Item, width: number | null): string[] {
  const fields = Object.entries(answer);
  const plain = fields.filter(([, value]) => !isNested(value));
  const longest = Math.max(...plain.map(([name]) => name.length), 0);
  return [
    ...plain.map(([name, value]) => `${name.padEnd(longest)}  ${named(name, value)}`.trimEnd()),
    ...fields.flatMap(([name, value]) => {
      if (!isNested(value)) return [];
      const below = Array.isArray(value)
        ? rows(value.filter(isItem), width, columnsWithin[name])
        : lines(asItem(value), width);
      return ["", `${name}:`, ...below.map((line) => `  ${line}`.trimEnd())];
    }),
  ];
}

/** A table of things: columns that fit into a line and say something. */
function rows(items: readonly Item[], width: number | null, columns?: readonly string[]): string[] {
  const { header, cells } = tableOf(items, columns);
  return table(header, cells, width === null ? null : width - 2);
}

function showItems(terminal: Terminal, items: readonly Item[], columns: readonly string[] | undefined): void {
  const { header, cells } = tableOf(items, columns);
  showList(terminal, header, cells, "There is none.");
}

function tableOf(items: readonly Item[], wanted?: readonly string[]): { header: string[]; cells: string[][] } {
  const columns = [...(wanted ?? new Set(items.flatMap((one) => Object.keys(one))))].filter(
    (name) =>
      items.every((one) => cell(name, one[name]).length <= 60) && items.some((one) => cell(name, one[name]) !== "-"),
  );
  return {
    header: columns.map((name) => name.replaceAll("_", " ")),
    cells: items.map((one) => columns.map((name) => cell(name, one[name]))),
  };
}

/** Fields that say in a word what a thing within a row is. */
const telling = ["address", "hostname", "name", "data", "partition", "device", "role", "mode", "first", "id"];

/** A value in a table: of things within it what names them. */
function cell(field: string, value: unknown): string {
  if (!isNested(value)) return named(field, value);
  const within = Array.isArray(value) ? value.filter(isItem) : [];
  const words = within.map((one) => telling.map((name) => text(one[name])).find((word) => word !== "-"));
  // A thing of which nothing tells what it is makes the column too wide, so that it is left out.
  return words.length === 0 || words.includes(undefined) ? JSON.stringify(value).padEnd(61) : words.join(" ");
}

/** What a trial said: everything that would have happened, and that it did not. */
export function showPlan(terminal: Terminal, json: boolean | undefined, plan: Plan): void {
  if (json) return terminal.print(JSON.stringify(plan));
  terminal.say("Nothing was done. This is what would be:");
  for (const { message } of plan.events) terminal.print(message);
  for (const { machine_id, action } of plan.power) terminal.print(`The BMC of ${machine_id} is told: ${action}`);
  const [before, after] = [plan.before ?? {}, isItem(plan.after) ? plan.after : {}];
  for (const name of plan.changed) terminal.print(`${name}: ${text(before[name])} → ${text(after[name])}`);
  const each = bulkResult.safeParse(plan.after).data?.items ?? [];
  for (const { id, error } of each) if (error !== null) terminal.print(`${id} would refuse: ${spoken(error)}`);
  const told = plan.events.length + plan.power.length + plan.changed.length;
  if (told === 0 && each.every(({ ok }) => ok)) terminal.print("It would be done; there is no more to tell of it.");
}

const isItem = (value: unknown): value is Item => typeof value === "object" && value !== null && !Array.isArray(value);
const asItem = (value: unknown): Item => (isItem(value) ? value : {});

/** What takes more than a cell: things, and things made of fields. */
const isNested = (value: unknown): boolean =>
  Array.isArray(value) ? value.some(isItem) : isItem(value) && Object.keys(value).length > 0;

/** Words with spaces between; sentences with more than that. */
const joined = (words: readonly string[]): string => words.join(words.some((one) => one.includes(" ")) ? "; " : " ");

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Fields that count bytes. */
const sized = /(^|_)(size|available|memory)$/;
const named = (field: string, value: unknown): string =>
  typeof value === "number" && sized.test(field) ? bytes(value) : text(value);

/** A value in few words; one that is not there, or empty, as a dash. */
function text(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  if (Array.isArray(value)) return value.some(isItem) ? JSON.stringify(value) : joined(value.map(text)) || "-";
  if (isItem(value)) return Object.keys(value).length === 0 ? "-" : JSON.stringify(value);
  if (typeof value === "string") return instant.test(value) ? moment(value) : value;
  return JSON.stringify(value);
}
