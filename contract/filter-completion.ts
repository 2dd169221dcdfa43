import { type FilterField, choicesOf, fieldRule, filterFieldNames, filterFields, isFieldOf } from "./filter-fields.ts";

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

/** The part of the text that is being typed at a place: of a value, the field it is for. */
function openPart(text: string, position: number) {
  const to = Math.min(Math.max(0, position), text.length);
  const open = /(?:[^\s()"]|"(?:[^"\\]|\\.)*"?)*$/s.exec(text.slice(0, to))?.[0] ?? "";
  const [, name, list] = /^([a-z][a-z0-9_]*)(?:>=|<=|[:=<>])(.*)$/is.exec(open) ?? [];
  const field = name?.toLowerCase();
  if (field === undefined || list === undefined || !isFieldOf(filterFields, field)) return { to, open, value: null };
  const last = /[^,]*$/.exec(list)?.[0] ?? "";
  return { to, open, value: { field, last, typed: last.replace(/^"/, "").toLowerCase() } };
}

/** The field whose value is being typed at a place in a filter, and its beginning in lower case; null where it is none. */
export function filterFieldAt(text: string, position: number): { field: FilterField; typed: string } | null {
  const { value } = openPart(text, position);
  return value && { field: value.field, typed: value.typed };
}

/**
 * What may be typed at a place in a filter. `known` are values that exist, such as the names of zones or tags, for the
 * fields whose values are free.
 */
export function completeFilter(
  text: string,
  position: number,
  known: Partial<Record<FilterField, readonly string[]>> = {},
): Completion {
  const { to, open, value } = openPart(text, position);
  if (value === null) {
    const typed = open.toLowerCase();
    const fields = filterFieldNames.map((one) => ({ text: startOf(one), meaning: fieldRule(one).meaning }));
    const options = [...fields, ...words].filter((option) => option.text.startsWith(typed));
    return { from: to - open.length, to, options };
  }
  const { field, last, typed } = value;
  const rule = fieldRule(field);
  const values = choicesOf(rule) ?? known[field] ?? [];
  const options = values
    .filter((one) => one.toLowerCase().startsWith(typed))
    .slice(0, mostOptions)
    .map((one) => ({ text: /^[\w.*/@+-]+$/.test(one) ? one : quoted(one), meaning: rule.meaning }));
  return { from: to - last.length, to, options };
}

const startOf = (field: FilterField): string => `${field}${fieldRule(field).kind === "number" ? ">=" : ":"}`;
const quoted = (value: string): string => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
