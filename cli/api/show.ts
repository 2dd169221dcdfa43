import { type Terminal, showList } from "../terminal.ts";

type Item = Record<string, unknown>;

/** Shows an answer of the API: a list as a table of what fits in a line, one thing as a line for each of its fields. */
export function showAnswer(terminal: Terminal, answer: unknown): void {
  if (answer === undefined || answer === null || answer === "") return;
  if (Array.isArray(answer)) return showItems(terminal, answer.filter(isItem));
  if (!isItem(answer)) return terminal.print(text(answer));
  const width = Math.max(...Object.keys(answer).map((name) => name.length), 0);
  for (const [name, value] of Object.entries(answer)) terminal.print(`${name.padEnd(width)}  ${text(value)}`.trimEnd());
}

function showItems(terminal: Terminal, items: readonly Item[]): void {
  const columns = [...new Set(items.flatMap((one) => Object.keys(one)))].filter((name) =>
    items.every((one) => text(one[name]).length <= 60 && !isItem(one[name])),
  );
  const rows = items.map((one) => columns.map((name) => text(one[name]) || "-"));
  showList(
    terminal,
    columns.map((name) => name.replaceAll("_", " ")),
    rows,
    "There is none.",
  );
}

const isItem = (value: unknown): value is Item => typeof value === "object" && value !== null && !Array.isArray(value);

/** A value in few words. */
function text(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (Array.isArray(value))
    return value.every((one) => !isItem(one)) ? value.map(text).join(" ") : JSON.stringify(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}
