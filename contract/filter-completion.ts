import { type FilterField, fieldRule, filterFieldNames, isFilterField } from "./filter-fields.ts";

export type Completion = {
  /** The part of the text an option takes the place of. */
  from: number;
  to: number;
  options: { text: string; meaning: string }[];
};

const words = [
  { text: "not ", meaning: "what follows must not hold" },
  { text: "or ", meaning: "either side holds" },
  { text: "(", meaning: "begins a group" },
];
const mostOptions = 50;

/**
 * What may be typed at a place in a filter. `known` are values that exist, such as the names of zones or tags, for the
 * fields whose values are free.
 */
export function completeFilter(
  text: string,
  position: number,
  known: Partial<Record<FilterField, readonly string[]>> = {},
): Completion {
  const to = Math.min(Math.max(0, position), text.length);
  const before = text.slice(0, to);
  const open = /(?:[^\s()"]|"(?:[^"\\]|\\.)*"?)*$/s.exec(before)?.[0] ?? "";
  const [, name, list] = /^([a-z]+)(?:>=|<=|[:=<>])(.*)$/is.exec(open) ?? [];
  const field = name?.toLowerCase();
  if (field === undefined || list === undefined || !isFilterField(field)) {
    const typed = open.toLowerCase();
    const fields = filterFieldNames.map((one) => ({ text: startOf(one), meaning: fieldRule(one).meaning }));
    const options = [...fields, ...words].filter((option) => option.text.startsWith(typed));
    return { from: to - open.length, to, options };
  }
  const last = /[^,]*$/.exec(list)?.[0] ?? "";
  const typed = last.replace(/^"/, "").toLowerCase();
  const rule = fieldRule(field);
  const values = rule.kind === "choice" ? rule.choices : (known[field] ?? []);
  const options = values
    .filter((value) => value.toLowerCase().startsWith(typed))
    .slice(0, mostOptions)
    .map((value) => ({ text: /^[\w.*/@+-]+$/.test(value) ? value : quoted(value), meaning: rule.meaning }));
  return { from: to - last.length, to, options };
}

const startOf = (field: FilterField): string => `${field}${fieldRule(field).kind === "number" ? ">=" : ":"}`;
const quoted = (value: string): string => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
