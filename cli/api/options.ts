import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { parseQuantity } from "@rackwright/contract";
import { CliError } from "../errors.ts";
import type { ApiDocument, Parameter, Schema } from "./document.ts";
import { type Reference, referenceOf } from "./references.ts";

/** An option of the command line that stands for a field of a body or a parameter of a query. */
export type Field = {
  readonly name: string;
  /** The property of the field it stands for; null: the whole field. */
  readonly inner: string | null;
  readonly attribute: string;
  readonly option: Option;
  readonly required: boolean;
  /** Where what it names is listed; null: its value says all. */
  readonly reference: Reference | null;
};

/** Options every command that asks a region has. */
const taken = new Set(["state", "url", "api-key", "profile", "json", "body", "help", "version", "dry-run"]);
const kebab = (name: string): string => name.replaceAll("_", "-");

/** What `null` is read as: commander takes a null for an option without a value. */
export const nothing: unique symbol = Symbol("null");

/** The value of an option as a body holds it. */
export const valueOf = (read: unknown): unknown => (read === nothing ? null : read);

/** Where a field is: below which noun and at which path of the API, and the names of the fields beside it. */
export type Where = { readonly noun: string; readonly path: string; readonly beside: readonly string[] };

/**
 * The option for a field; one whose name the command line needs for itself is called after the noun, too, and one that
 * holds the number of another thing is called after that thing and takes its name.
 */
export function fieldOption(
  name: string,
  schema: Schema,
  required: boolean,
  where: Where,
  api: ApiDocument,
  { inner = null, neededFor = [] }: Partial<Pick<BodyField, "inner" | "neededFor">> = {},
): Field {
  const property = inner ?? name;
  const found = kindOf(schema, api, name);
  const fits = ["integer", "string"].includes(found.type) && found.choices === undefined;
  const reference = fits ? referenceOf(property, where.path, api) : null;
  const short = property.replace(/_id$/, "");
  const plain = kebab(reference !== null && !where.beside.includes(short) ? short : property);
  const free = taken.has(plain) ? `${where.noun}-${plain}` : plain;
  const long = inner === null ? free : `${kebab(name)}-${plain}`;
  const kind: Kind =
    reference === null
      ? found
      : { ...found, type: "string", word: found.list ? `${reference.word},...` : reference.word };
  const plural = kind.list && kind.choices !== undefined ? ` (of ${kind.choices.join(", ")})` : "";
  const described = schema.description ?? kind.description ?? `its ${short.replaceAll("_", " ")}`;
  const note = required
    ? " (required)"
    : needs(neededFor) + byDefault(schema) + (clears(kind, described) ? " ('null' for none)" : "");
  const meaning = reference === null ? described : `${described} (${found.list ? "names or ids" : "name or id"})`;
  const value = kind.type === "boolean" ? `[${kind.word}]` : `<${kind.word}>`;
  const option = new Option(`--${long} ${value}`, `${meaning.replaceAll("\n", " ")}${plural}${note}`);
  if (kind.choices !== undefined && !kind.list) option.choices(kind.choices);
  option.argParser((typed: string, before: unknown) => {
    const read = readValue(typed, kind);
    if (read === nothing) return read;
    if (kind.type === "map")
      return { ...(typeof before === "object" ? before : {}), ...(typeof read === "object" ? read : {}) };
    return kind.list ? [...(Array.isArray(before) ? before : []), ...[read].flat()] : read;
  });
  return { name, inner, attribute: option.attributeName(), option, required, reference };
}

const needs = (forms: readonly string[]): string => (forms.length === 0 ? "" : ` (needed for ${forms.join(", ")})`);
/** Whether `null` clears it, and nothing says what that means. */
const clears = ({ nullable, word }: Kind, described: string): boolean =>
  nullable && word !== "null" && !described.includes("null: ");

/** What holds where nothing is given, as far as it is a word or a number. */
function byDefault({ default: value }: Schema): string {
  const plain = (typeof value === "string" && value !== "") || typeof value === "number" || typeof value === "boolean";
  return plain ? ` (default: ${String(value)})` : "";
}

export const parameterOption = (parameter: Parameter, where: Where, api: ApiDocument): Field =>
  fieldOption(
    parameter.name,
    { ...parameter.schema, description: parameter.description ?? parameter.schema.description },
    parameter.required ?? false,
    where,
    api,
  );

/** A field of a body, or a property of one that is made of lists alone. */
export type BodyField = {
  readonly name: string;
  readonly inner: string | null;
  readonly schema: Schema;
  readonly required: boolean;
  /** Of a body that has several forms: those that do not go without it, where others do. */
  readonly neededFor: readonly string[];
};

/** The fields of a body; of one that has several forms those of all, of which some go together. */
export function fieldsOf(body: Schema, api: ApiDocument): BodyField[] {
  const whole = api.resolve(body);
  const forms = (whole.oneOf ?? whole.anyOf ?? [whole]).map((one) => api.resolve(one));
  const names = [...new Set(forms.flatMap((one) => Object.keys(one.properties ?? {})))];
  const formWords = (form: Schema, field: string): string[] =>
    wordsIn(api.resolve(form.properties?.[field] ?? {})).map(String);
  // The field whose value says which form it is.
  const telling = names.find((name) => forms.length > 1 && forms.every((form) => formWords(form, name).length > 0));
  return names.flatMap((name): BodyField[] => {
    const held = forms.flatMap((one) => one.properties?.[name] ?? []);
    const [first = {}] = held;
    const words = held.flatMap((one) => wordsIn(api.resolve(one)));
    const needing = forms.filter((one) => one.required?.includes(name));
    const required = needing.length === forms.length;
    const neededFor = required || telling === undefined ? [] : needing.flatMap((form) => formWords(form, telling));
    const told = [...new Set(held.flatMap((one) => one.description ?? api.resolve(one).description ?? []))].join("; ");
    const schema = {
      ...first,
      ...(told !== "" && { description: told }),
      ...(held.length > 1 && words.length > 0 && { enum: [...new Set(words)] }),
    };
    const parts = listsIn(first, api);
    if (parts.length === 0) return [{ name, inner: null, schema, required, neededFor }];
    return parts.map(([inner, part]) => ({
      name,
      inner,
      schema: { ...part, description: [told, part.description].filter(Boolean).join(": ") },
      required,
      neededFor,
    }));
  });
}

/** The properties of something that is made of lists of numbers alone, such as devices and partitions. */
function listsIn(schema: Schema, api: ApiDocument): [string, Schema][] {
  const parts = Object.entries(api.resolve(schema).properties ?? {});
  const isNumbers = (one: Schema): boolean =>
    api.resolve(one).type === "array" && api.resolve(api.resolve(one).items ?? {}).type === "integer";
  return parts.every(([, one]) => isNumbers(one)) ? parts : [];
}

/** Whether a body is names of one's own and their values. */
export const isMap = (body: Schema, api: ApiDocument): boolean => kindOf(body, api).type === "map";

const wordsIn = (schema: Schema): unknown[] => schema.enum ?? (schema.const === undefined ? [] : [schema.const]);

type Kind = {
  /** What stands in the brackets. */
  word: string;
  type: "string" | "integer" | "number" | "boolean" | "size" | "map" | "json";
  list: boolean;
  nullable: boolean;
  choices?: string[];
  description?: string | undefined;
};

/** Fields that count bytes. */
const sized = /(^|_)size$|^memory$/;

function kindOf(schema: Schema, api: ApiDocument, name = ""): Kind {
  const found = api.resolve(schema);
  const all = (found.anyOf ?? [found]).map((one) => api.resolve(one));
  const types = new Set(all.flatMap((one) => [one.type ?? []].flat()));
  const nullable = types.delete("null");
  const forms = all.filter((one) => one.type !== "null");
  const description = found.description ?? forms.find((one) => one.description !== undefined)?.description;
  const common = { nullable, list: false, description };
  if (nullable && types.size === 0) return { ...common, word: "null", type: "string", choices: ["null"] };
  const json: Kind = { ...common, word: "json", type: "json" };
  const list = forms.find((one) => one.type === "array");
  const [type, second, ...more] = [...types];
  const [form] = forms;
  if (type === undefined || form === undefined || more.length > 0) return json;
  // Many, or one that need not be written as a list of one.
  if (list !== undefined) {
    const held = kindOf(list.items ?? {}, api);
    const plain = held.type !== "json" && held.type !== "boolean" && !held.list;
    return plain && (second === undefined || types.has(held.type))
      ? { ...held, ...common, word: `${held.word},...`, list: true }
      : json;
  }
  if (sized.test(name) && (type === "integer" || type === "string") && types.has("integer"))
    return { ...common, word: types.has("string") ? "size|percent" : "size", type: "size" };
  if (second !== undefined) return json;
  const held = form.additionalProperties;
  if (type === "object" && form.properties === undefined && typeof held === "object" && takesText(held, api))
    return { ...common, word: "name=value,...", type: "map" };
  if (type === "boolean") return { ...common, word: "true|false", type };
  if (type !== "string" && type !== "integer" && type !== "number") return json;
  const choices = forms.flatMap(wordsIn);
  const closed = choices.length > 0 && forms.every((one) => wordsIn(one).length > 0);
  if (!closed || type !== "string") return { ...common, word: type === "string" ? "text" : "number", type };
  return { ...common, word: "word", type, choices: [...choices.map(String), ...(nullable ? ["null"] : [])] };
}

/** Whether a value may be text, beside whatever else it may be. */
function takesText(schema: Schema, api: ApiDocument): boolean {
  const { type, anyOf = [] } = api.resolve(schema);
  return type === "string" || anyOf.some((one) => takesText(one, api));
}

function readValue(typed: string, kind: Kind): unknown {
  if (kind.nullable && typed === "null") return nothing;
  if (kind.choices !== undefined && !kind.list && !kind.choices.includes(typed))
    throw new InvalidArgumentError(`It must be one of: ${kind.choices.join(", ")}.`);
  // An empty list is written as nothing.
  if (kind.type === "map") return readMap(typed);
  if (kind.list) return typed === "" ? [] : typed.split(",").map((one) => readOne(one.trim(), kind));
  return readOne(typed, kind);
}

function readOne(typed: string, { type, choices }: Kind): unknown {
  if (choices !== undefined && !choices.includes(typed))
    throw new InvalidArgumentError(`'${typed}' must be one of: ${choices.join(", ")}.`);
  if (type === "string") return typed;
  if (type === "size") return readSize(typed);
  if (type === "json") {
    try {
      return JSON.parse(typed) as unknown;
    } catch {
      throw new InvalidArgumentError("It must be JSON.");
    }
  }
  if (type === "boolean") {
    if (typed !== "true" && typed !== "false") throw new InvalidArgumentError("It must be true or false.");
    return typed === "true";
  }
  const value = Number(typed);
  if (typed.trim() === "" || !Number.isFinite(value) || (type === "integer" && !Number.isSafeInteger(value)))
    throw new InvalidArgumentError(`It must be ${type === "integer" ? "a whole number" : "a number"}.`);
  return value;
}

/** `a=1,b=2`; values with commas in them as JSON. */
function readMap(typed: string): Record<string, unknown> {
  if (typed.startsWith("{")) return readBody(typed);
  const pairs = typed === "" ? [] : typed.split(",").map((one) => /^\s*([^=]+)=(.*)$/s.exec(one));
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = pair ?? [];
      if (name === undefined || value === undefined)
        throw new InvalidArgumentError("It must have the form name=value.");
      return [name, value];
    }),
  );
}

function readSize(typed: string): unknown {
  if (/^\d+(\.\d+)?%$/.test(typed)) return typed;
  const size = parseQuantity(typed, 1024);
  if (size === null) throw new InvalidArgumentError("It must be a number of bytes such as 512M or 20G.");
  return size;
}

/** `--body`: JSON as it is, `@FILE`, or `-` for standard input. @throws CliError where it is no object */
export function readBody(text: string): Record<string, unknown> {
  const source = text === "-" ? readFileSync(0, "utf8") : text.startsWith("@") ? readFile(text.slice(1)) : text;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new CliError(
      "--body is no JSON.",
      'Give an object such as \'{"name": "lab"}\', @FILE, or - for standard input.',
      2,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CliError("--body must be a JSON object.", "See --help of this command for its fields.", 2);
  return { ...value };
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CliError(
      `${path} cannot be read: ${error instanceof Error ? error.message : ""}`,
      "Look at the path.",
      2,
    );
  }
}
