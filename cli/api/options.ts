import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { CliError } from "../errors.ts";
import type { ApiDocument, Parameter, Schema } from "./document.ts";

/** An option of the command line that stands for a field of a body or a parameter of a query. */
export type Field = { readonly name: string; readonly attribute: string; readonly option: Option };

/** Options every command that asks a region has. */
const taken = new Set(["state", "url", "api-key", "profile", "json", "body", "help", "version"]);
const kebab = (name: string): string => name.replaceAll("_", "-");

/** The option for a field; one whose name the command line needs for itself is called after the noun, too. */
export function fieldOption(name: string, schema: Schema, required: boolean, noun: string, api: ApiDocument): Field {
  const plain = kebab(name);
  const long = taken.has(plain) ? `${noun}-${plain}` : plain;
  const kind = kindOf(schema, api);
  const note = required ? " (required)" : kind.nullable ? " ('null' for none)" : "";
  const meaning = schema.description ?? kind.description ?? `its ${name.replaceAll("_", " ")}`;
  const text = `${meaning.replaceAll("\n", " ")}${note}`;
  const option = new Option(kind.word === null ? `--${long}` : `--${long} <${kind.word}>`, text);
  if (kind.choices !== undefined && !kind.list) option.choices(kind.choices);
  if (kind.word !== null)
    option.argParser((typed: string, before: unknown) => {
      const read = readValue(typed, kind);
      return kind.list ? [...(Array.isArray(before) ? before : []), ...[read].flat()] : read;
    });
  return { name, attribute: option.attributeName(), option };
}

export const parameterOption = (parameter: Parameter, noun: string, api: ApiDocument): Field =>
  fieldOption(
    parameter.name,
    { ...parameter.schema, description: parameter.description ?? parameter.schema.description },
    parameter.required ?? false,
    noun,
    api,
  );

type Kind = {
  /** What stands in the angle brackets; null: a flag without a value. */
  word: string | null;
  type: "string" | "integer" | "number" | "boolean" | "json";
  list: boolean;
  nullable: boolean;
  choices?: string[];
  description?: string | undefined;
};

function kindOf(schema: Schema, api: ApiDocument): Kind {
  const found = api.resolve(schema);
  const forms = (found.anyOf ?? [found]).map((one) => api.resolve(one));
  const types = forms.flatMap((one) => [one.type ?? []].flat());
  const nullable = types.includes("null");
  const rest = forms.filter((one) => one.type !== "null");
  const type = types.find((one) => one !== "null");
  const [only] = rest;
  const common = { nullable, list: false, description: found.description };
  if (rest.length !== 1 || only === undefined || type === undefined || type === "object")
    return { ...common, word: "json", type: "json" };
  if (type === "array") {
    const item = kindOf(only.items ?? {}, api);
    return item.type === "json" || item.type === "boolean" || item.list
      ? { ...common, word: "json", type: "json" }
      : { ...item, ...common, word: `${item.word ?? "value"},...`, list: true };
  }
  if (type === "boolean") return { ...common, word: nullable ? "true|false" : "true|false", type };
  const choices = only.enum?.every((one) => typeof one === "string") ? only.enum.map(String) : undefined;
  const word = choices === undefined ? (type === "string" ? "text" : "number") : "word";
  if (type !== "string" && type !== "integer" && type !== "number") return { ...common, word: "json", type: "json" };
  return {
    ...common,
    word,
    type,
    ...(choices !== undefined && { choices: nullable ? [...choices, "null"] : choices }),
  };
}

function readValue(typed: string, kind: Kind): unknown {
  if (kind.nullable && typed === "null") return null;
  if (kind.list) return typed.split(",").map((one) => readOne(one.trim(), kind));
  return readOne(typed, kind);
}

function readOne(typed: string, { type }: Kind): unknown {
  if (type === "string") return typed;
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
