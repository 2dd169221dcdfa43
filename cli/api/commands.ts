import { plan } from "@rackwright/contract";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget, withTrial } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError, inOptions } from "../errors.ts";
import { assignment } from "../options.ts";
import { type ApiDocument, type Operation, apiDocument } from "./document.ts";
import { identify, namedBy } from "./find.ts";
import { columns, done, meanings } from "./meanings.ts";
import { type Field, fieldOption, fieldsOf, isMap, parameterOption, readBody, valueOf } from "./options.ts";
import { paged, withNames } from "./references.ts";
import { showAnswer, showPlan } from "./show.ts";
import { type Words, answersItems, singular, wordsOf } from "./words.ts";

/** Routes that are for browsers and for long connections. */
const apart = /^\/api\/v1\/(sessions\/current$|login(\/|$)|openapi|events\/stream)/;

/**
 * Adds a command for every route of `/api/v1` that has none of its own yet: `rackwright fabrics list`, and so on. They
 * are made from the API's description, so that no route is without one.
 */
export function apiCommands(program: Command, context: Context): void {
  const api = apiDocument();
  for (const operation of api.operations) {
    if (!operation.path.startsWith("/api/v1/") || apart.test(operation.path)) continue;
    if (operation.types.includes("text/event-stream")) continue;
    const words = wordsOf(operation, api.operations);
    const command = place(program, words.words);
    if (command !== null) describe(command, operation, words, api, context);
  }
  for (const command of program.commands) nameGroups(command, command.name());
}

/** Says of a group what its commands are. */
function nameGroups(command: Command, path: string): void {
  for (const sub of command.commands) nameGroups(sub, `${path} ${sub.name()}`);
  if (command.description() !== "" || command.commands.length === 0) return;
  const words = command.commands.map((sub) => sub.name().replaceAll("-", " "));
  command.description(
    meanings[path] ?? meanings[`* ${command.name()}`] ?? `${command.name().replaceAll("-", " ")}: ${words.join(", ")}`,
  );
}

/** A command that does something by itself: it has nothing below it. */
const isWhole = (command: Command): boolean => command.commands.length === 0;

/** The new, still empty command of these words; null where there is one already. */
function place(program: Command, words: readonly string[]): Command | null {
  let parent = program;
  for (const [index, word] of words.entries()) {
    const hidden = done.has(words.slice(0, index + 1).join(" "));
    const found = parent.commands.find((one) => one.name() === word);
    const last = index === words.length - 1;
    if (found === undefined) {
      const made = parent.command(word, { hidden });
      if (last) return made;
      parent = made;
    } else if (last || isWhole(found)) return null;
    else parent = found;
  }
  return null;
}

function describe(command: Command, operation: Operation, words: Words, api: ApiDocument, context: Context): void {
  const { method, parameters, body, path, tries } = operation;
  const noun = singular(words.words[0] ?? "");
  command.description(sentence(operation.summary));
  for (const placeholder of words.placeholders)
    command.argument(`<${placeholder.argument}>`, namedBy(placeholder, api));
  const lists = answersItems(operation);
  const asked = parameters.filter(
    (one) => one.in === "query" && !(lists && (one.name === "cursor" || one.name === "limit")),
  );
  const held = body === null ? [] : fieldsOf(body, api);
  const map = body !== null && held.length === 0 && isMap(body, api);
  if (map) command.argument("[name=value...]", "what is written; an empty value takes its name away", assignment);
  const where = { noun, path, beside: [...held, ...asked].map(({ name }) => name) };
  const query = asked.map((one) => parameterOption(one, where, api));
  const fields = held.map(({ name, schema, required, ...more }) =>
    fieldOption(name, schema, required, where, api, more),
  );
  // What must be given comes first.
  const sorted = [
    ...fields.filter(({ required }) => required),
    ...fields.filter(({ required }) => !required),
    ...query,
  ];
  for (const { option } of sorted)
    if (command.options.every((one) => one.long !== option.long)) command.addOption(option);
  if (lists) command.option("--limit <number>", "show no more than so many", most);
  if (body !== null) command.option("--body <json>", "the whole body as JSON, @FILE, or - for standard input");
  if (tries) withTrial(command);
  withTarget(command);
  command.action(async (...given: unknown[]) => {
    const names = given.slice(0, words.placeholders.length).map(String);
    const options = command.opts<Options>();
    const values = map ? assignments.parse(given[names.length]) : {};
    await perform({ operation, words, names, values, options, fields, query, lists, context, api });
  });
  if (method === "DELETE" && words.placeholders.length === 0) command.alias("clear");
}

const sentence = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");

function most(typed: string): number {
  const value = Number(typed);
  if (!/^\d{1,7}$/.test(typed) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
}

/** None of them at all is an empty list. */
const assignments = z.record(z.string(), z.string()).catch({});
type Options = CommonOptions & Record<string, unknown>;
type Asked = {
  operation: Operation;
  words: Words;
  names: readonly string[];
  /** What a body without fields of its own is made of. */
  values: Readonly<Record<string, string>>;
  options: Options;
  fields: readonly Field[];
  query: readonly Field[];
  lists: boolean;
  context: Context;
  api: ApiDocument;
};

const anything = z.unknown();

async function perform(asked: Asked): Promise<void> {
  const { operation, words, names, options, query, lists, context, api } = asked;
  const client = clientOf(context, options);
  let path = operation.path;
  for (const [index, placeholder] of words.placeholders.entries()) {
    const collection = fill(placeholder.collection, operation.path, path);
    const id = await identify(client, api, placeholder, collection, names[index] ?? "");
    path = path.replace(`{${placeholder.parameter}}`, encodeURIComponent(id));
  }
  const wanted = new URLSearchParams();
  for (const field of query)
    for (const value of [(await given(client, field, asked, path)) ?? []].flat())
      wanted.append(field.name, typeof value === "string" ? value : JSON.stringify(value));
  if (options["dryRun"] === true) wanted.set("dry_run", "true");
  const whole = wanted.size === 0 ? path : `${path}?${wanted.toString()}`;
  const showAll = async (answer: unknown): Promise<void> => {
    if (options.json) context.terminal.print(JSON.stringify(answer ?? null));
    else
      showAnswer(
        context.terminal,
        await withNames(client, api, { template: operation.path, path }, answer),
        columnsOf(words.words),
      );
  };
  if (lists) {
    const limit = typeof options["limit"] === "number" ? options["limit"] : Infinity;
    const items = client.all(paged(operation.path, whole, api, limit), anything);
    return showAll(await take(items, limit));
  }
  const { method } = operation;
  if (method === "GET") {
    if (operation.answer === null) return context.terminal.write((await client.read(whole)).body);
    return showAll(await client.get(whole, anything));
  }
  const body = await bodyFrom(client, asked, path);
  const flags = Object.fromEntries(
    asked.fields.map(({ name, inner, option }) => [inner === null ? name : `${name}.${inner}`, option.long ?? name]),
  );
  const send = async <T>(schema: z.ZodType<T>): Promise<T> => {
    try {
      return await client.send(method, whole, body, schema);
    } catch (error) {
      throw options["body"] === undefined ? inOptions(error, flags) : error;
    }
  };
  if (options["dryRun"] === true) return showPlan(context.terminal, options.json, await send(plan));
  const answer = await send(anything);
  if (!options.json && (answer === undefined || answer === "")) context.terminal.print("Done.");
  else await showAll(answer);
}

/** Columns people look for, where a list has many. */
function columnsOf(words: readonly string[]): readonly string[] | undefined {
  const noun = words.slice(0, -1);
  return columns[noun.join(" ")] ?? columns[`* ${noun.at(-1) ?? ""}`];
}

/** A collection's path with the values its route's placeholders have by now. */
function fill(collection: string, template: string, path: string): string {
  const values = path.split("/");
  return collection
    .split("/")
    .map((part, index) => (template.split("/")[index] === part ? (values[index] ?? part) : part))
    .join("/");
}

/** What was given for a field, as the API takes it: things by their ids. */
async function given(client: ApiClient, { attribute, reference }: Field, asked: Asked, path: string): Promise<unknown> {
  const { options, api, operation } = asked;
  const value = valueOf(options[attribute]);
  if (reference === null || value === undefined || value === null) return value;
  const { word, collection } = reference;
  const named = { parameter: "id", argument: word, collection };
  const find = async (typed: unknown): Promise<string | number> => {
    const id = await identify(client, api, named, fill(collection, operation.path, path), String(typed));
    return collection !== "/api/v1/machines" && /^-?\d{1,15}$/.test(id) ? Number(id) : id;
  };
  return Array.isArray(value) ? Promise.all(value.map(find)) : find(value);
}

const parts = z.record(z.string(), z.unknown());

async function bodyFrom(client: ApiClient, asked: Asked, path: string): Promise<unknown> {
  const { operation, options, fields } = asked;
  if (operation.body === null) return undefined;
  const whole = options["body"];
  const body = { ...(typeof whole === "string" ? readBody(whole) : {}), ...asked.values };
  const missing = fields.filter(
    ({ name, attribute, required }) => required && options[attribute] === undefined && !(name in body),
  );
  if (missing.length > 0) {
    const flags = missing.map(({ option }) => option.flags).join(" and ");
    throw new CliError(`${flags} must be given.`, "See --help of this command.", 2);
  }
  for (const field of fields) {
    const value = await given(client, field, asked, path);
    if (value === undefined) continue;
    if (field.inner === null) body[field.name] = value;
    else body[field.name] = { ...parts.parse(body[field.name] ?? {}), [field.inner]: value };
  }
  if (operation.method === "PATCH" && Object.keys(body).length === 0)
    throw new CliError("Nothing is given to change.", "See --help of this command.", 2);
  return body;
}

async function take(items: AsyncGenerator, limit: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of items) if (found.push(one) >= limit) break;
  return found;
}
