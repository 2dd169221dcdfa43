import { machineStatuses } from "./machines.ts";
import { powerState } from "./rack-link.ts";
import { architecture, firmware } from "./values.ts";

/** What the values of a field are. `unit` is the base of K, M, G, T and P; null: no units. */
export type FieldKind =
  | { kind: "text" }
  | { kind: "choice"; choices: readonly string[] }
  | { kind: "number"; unit: 1000 | 1024 | null }
  | { kind: "boolean" }
  | { kind: "time" };

export type FieldRule = FieldKind & { meaning: string };
/** The fields that filters of one list may ask for. */
export type FieldTable<F extends string = string> = Readonly<Record<F, FieldRule>>;

type MachineFieldRule = FieldRule & {
  /** Changes only when somebody or a commissioning changes the machine: such a field may define a tag. */
  lasting: boolean;
};

/** Every field a filter of machines may ask for. */
export const filterFields = {
  status: { kind: "choice", choices: machineStatuses, lasting: false, meaning: "status in the life cycle" },
  power: { kind: "choice", choices: powerState.options, lasting: false, meaning: "power state its BMC reported last" },
  arch: { kind: "choice", choices: architecture.options, lasting: true, meaning: "processor architecture" },
  firmware: { kind: "choice", choices: firmware.options, lasting: true, meaning: "how it boots" },
  cpu: { kind: "number", unit: null, lasting: true, meaning: "CPU threads" },
  memory: { kind: "number", unit: 1024, lasting: true, meaning: "memory in bytes; K, M, G, T are powers of 1024" },
  storage: { kind: "number", unit: 1000, lasting: true, meaning: "all disks in bytes; K, M, G, T are powers of 1000" },
  tag: { kind: "text", lasting: false, meaning: "has a tag of this name" },
  zone: { kind: "text", lasting: true, meaning: "name of its zone" },
  pool: { kind: "text", lasting: true, meaning: "name of its resource pool" },
  owner: { kind: "text", lasting: false, meaning: "user it is allocated to; owner:* is anybody" },
  hostname: { kind: "text", lasting: true, meaning: "host name" },
  id: { kind: "text", lasting: true, meaning: "system id" },
  mac: { kind: "text", lasting: true, meaning: "MAC address of one of its network cards" },
  serial: { kind: "text", lasting: true, meaning: "serial number of the system" },
  vendor: { kind: "text", lasting: true, meaning: "who made the system" },
  product: { kind: "text", lasting: true, meaning: "model of the system" },
  image: { kind: "text", lasting: false, meaning: "image it is deployed with" },
} as const satisfies Record<string, MachineFieldRule>;
export type FilterField = keyof typeof filterFields;
export const filterFieldNames = Object.keys(filterFields) as FilterField[];

/** The rule of a field of machines, in its general type. */
export function fieldRule(field: FilterField): MachineFieldRule {
  return filterFields[field];
}

/** Whether a word is the name of one of the fields. */
export function isFieldOf<F extends string>(fields: FieldTable<F>, word: string): word is F {
  return Object.hasOwn(fields, word);
}

/** What a field without text or numbers may be: its choices; null for a field of another kind. */
export function choicesOf(rule: FieldRule): readonly string[] | null {
  if (rule.kind === "boolean") return ["true", "false"];
  return rule.kind === "choice" ? rule.choices : null;
}

export const comparisons = [">=", "<=", ">", "<", ":", "="] as const;
export type Comparison = ":" | ">=" | "<=" | ">" | "<";

/**
 * A filter as the parser reads it. Several values are any-of. Text values of a field are patterns: `*` stands for any
 * characters; values of a time are as `parseSpan` reads them; `*` of a number or time is any. `and` of nothing is everything.
 */
export type Filter<F extends string = FilterField> =
  | { kind: "and" | "or"; of: Filter<F>[] }
  | { kind: "not"; of: Filter<F> }
  | { kind: "field"; field: F; comparison: Comparison; values: (string | number)[] }
  | { kind: "text"; text: string };

const letters = ["", "K", "M", "G", "T", "P"];

/**
 * A number with its unit, such as 16G or 16GB, by the field's own base, or 16GiB, which is one of 1024 everywhere; null
 * where the text is none or the number is not exact in a double.
 */
export function parseQuantity(text: string, unit: 1000 | 1024 | null): number | null {
  const [, digits, letter, ending] = /^(\d{1,16}(?:\.\d{1,6})?)(?:([KMGTP]?)((?<=[KMGTP])i?B)?)$/i.exec(text) ?? [];
  if (digits === undefined || letter === undefined) return null;
  if (unit === null && (letter !== "" || digits.includes("."))) return null;
  const base = ending?.toLowerCase() === "ib" ? 1024 : (unit ?? 1);
  const value = Math.round(Number(digits) * base ** letters.indexOf(letter.toUpperCase()));
  return Number.isSafeInteger(value) ? value : null;
}

/** The shortest text that `parseQuantity` reads as exactly this number. */
export function printQuantity(value: number, unit: 1000 | 1024 | null): string {
  if (unit === null || value === 0) return String(value);
  let step = 0;
  while (step < letters.length - 1 && value % unit ** (step + 1) === 0) step++;
  return `${value / unit ** step}${letters[step]}`;
}
