import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type ApiDocument, type Operation, apiDocument } from "./document.ts";
import { identify } from "./find.ts";
import { type Field, fieldOption, parameterOption, readBody } from "./options.ts";
import { showAnswer } from "./show.ts";
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
  for (const command of program.commands) nameGroups(command);
}

/** Says of a group what its commands are. */
function nameGroups(command: Command): void {
  for (const sub of command.commands) nameGroups(sub);
  if (command.description() !== "" || command.commands.length === 0) return;
  const words = command.commands.map((sub) => sub.name().replaceAll("-", " "));
  command.description(`${command.name().replaceAll("-", " ")}: ${words.join(", ")}`);
}

/** A command that does something by itself: it has nothing below it. */
const isWhole = (command: Command): boolean => command.commands.length === 0;

/** The new, still empty command of these words; null where there is one already. */
function place(program: Command, words: readonly string[]): Command | null {
  let parent = program;
  for (const [index, word] of words.entries()) {
    const found = parent.commands.find((one) => one.name() === word);
    const last = index === words.length - 1;
    if (found === undefined) {
      const made = parent.command(word);
      if (last) return made;
      parent = made;
    } else if (last || isWhole(found)) return null;
    else parent = found;
  }
  return null;
}

function describe(command: Command, operation: Operation, words: Words, api: ApiDocument, context: Context): void {
  const { method, parameters, body } = operation;
  const noun = singular(words.words[0] ?? "");
  withTarget(command.description(sentence(operation.summary)));
  for (const { argument } of words.placeholders) command.argument(`<${argument}>`);
  const lists = answersItems(operation);
  const query = parameters
    .filter((one) => one.in === "query" && !(lists && ["cursor", "limit"].includes(one.name)))
    .map((one) => parameterOption(one, noun, api));
  if (lists) command.option("--limit <number>", "show no more than so many", most);
  const shape = body === null ? null : api.resolve(body);
  const fields = Object.entries(shape?.properties ?? {}).map(([name, schema]) =>
    fieldOption(name, schema, shape?.required?.includes(name) ?? false, noun, api),
  );
  for (const { option } of [...fields, ...query])
    if (command.options.every((one) => one.long !== option.long)) command.addOption(option);
  if (shape !== null) command.option("--body <json>", "the whole body as JSON, @FILE, or - for standard input");
  command.action(async (...given: unknown[]) => {
    const names = given.slice(0, words.placeholders.length).map(String);
    const options = command.opts<CommonOptions & Record<string, unknown>>();
    await perform({ operation, words, names, options, fields, query, lists, context });
  });
  if (method === "DELETE" && words.placeholders.length === 0) command.alias("clear");
}

const sentence = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");

function most(typed: string): number {
  const value = Number(typed);
  if (!/^\d{1,7}$/.test(typed) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
}

type Asked = {
  operation: Operation;
  words: Words;
  names: readonly string[];
  options: CommonOptions & Record<string, unknown>;
  fields: readonly Field[];
  query: readonly Field[];
  lists: boolean;
  context: Context;
};

const anything = z.unknown();

async function perform({ operation, words, names, options, fields, query, lists, context }: Asked): Promise<void> {
  const client = clientOf(context, options);
  let path = operation.path;
  for (const [index, placeholder] of words.placeholders.entries()) {
    const filled = { ...placeholder, collection: fill(placeholder.collection, operation.path, path) };
    const id = await identify(client, filled, names[index] ?? "");
    path = path.replace(`{${placeholder.parameter}}`, encodeURIComponent(id));
  }
  const asked = new URLSearchParams();
  for (const { name, attribute } of query)
    for (const value of [options[attribute] ?? []].flat())
      asked.append(name, typeof value === "string" ? value : JSON.stringify(value));
  const whole = asked.size === 0 ? path : `${path}?${asked.toString()}`;
  if (lists) return showPage(context, options, client.all(pageOf(whole, options["limit"]), anything));
  if (operation.method === "GET") {
    if (operation.answer === null) return context.terminal.write((await client.read(whole)).body);
    return show(context, options, await client.get(whole, anything));
  }
  const answer = await client.send(operation.method, whole, bodyFrom(operation, options, fields), anything);
  if (!options.json && (answer === undefined || answer === "")) context.terminal.print("Done.");
  else show(context, options, answer);
}

/** A collection's path with the values its route's placeholders have by now. */
function fill(collection: string, template: string, path: string): string {
  const values = path.split("/");
  return collection
    .split("/")
    .map((part, index) => (template.split("/")[index] === part ? (values[index] ?? part) : part))
    .join("/");
}

function bodyFrom(operation: Operation, options: Record<string, unknown>, fields: readonly Field[]): unknown {
  if (operation.body === null) return undefined;
  const given = options["body"];
  const body = typeof given === "string" ? readBody(given) : {};
  for (const { name, attribute } of fields) if (options[attribute] !== undefined) body[name] = options[attribute];
  if (operation.method === "PATCH" && Object.keys(body).length === 0)
    throw new CliError("Nothing is given to change.", "See --help of this command for what can be.", 2);
  return body;
}

const pageOf = (path: string, limit: unknown): string =>
  `${path}${path.includes("?") ? "&" : "?"}limit=${typeof limit === "number" ? Math.min(limit, 1000) : 1000}`;

async function showPage(
  context: Context,
  options: CommonOptions & Record<string, unknown>,
  items: AsyncGenerator,
): Promise<void> {
  const limit = typeof options["limit"] === "number" ? options["limit"] : Infinity;
  const found: unknown[] = [];
  for await (const one of items) {
    if (found.push(one) >= limit) break;
  }
  show(context, options, found);
}

function show(context: Context, options: CommonOptions, answer: unknown): void {
  if (options.json) context.terminal.print(JSON.stringify(answer ?? null));
  else showAnswer(context.terminal, answer);
}
