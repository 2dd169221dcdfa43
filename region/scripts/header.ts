import { type ScriptPackages, type ScriptParameter, longestScript, scriptHeaderInvalid } from "@rackwright/contract";
import { Lexer, type Tags, parseDocument } from "yaml";
import { InputError } from "../errors.ts";
import { fieldFailures } from "../http/problems.ts";
import { storable } from "../database/pool.ts";
import { type Header, headerFields, headerSchema } from "./header-fields.ts";

const start = /^#[ \t]*--- Start MAAS ([0-9][0-9.]*) script metadata ---[ \t]*\r?$/m;
const end = /^#[ \t]*--- End MAAS [0-9][0-9.]* script metadata ---[ \t]*\r?$/m;
const longestHeader = 64 * 1024;

export type ParsedScript = Header & { parameters: Record<string, ScriptParameter>; packages: ScriptPackages };

/**
 * Reads a script's text: it must begin with a shebang, and says of itself what its header says (YAML between two marked
 * comment lines, MAAS's script metadata 1.0). A script without a header is a test with the default of every field.
 *
 * @param beside what a form says of it beside its text, by the names a header has. Where the header says it too, both must
 * say the same.
 * @throws InputError naming the field, its value and what is allowed
 */
export function parseScript(text: string, beside: Readonly<Record<string, unknown>> = {}): ParsedScript {
  if (Buffer.byteLength(text) > longestScript) {
    throw new InputError(`The script is larger than ${longestScript} bytes.`, {
      failures: [{ field: "text", allowed: `at most ${longestScript} bytes` }],
      next: "Let the script fetch large files itself: packages.url in its header.",
    });
  }
  if (storable(text) !== text || text.includes("\uFFFD")) {
    throw new InputError("The script is not text: it has NUL or bytes that are no UTF-8.", {
      failures: [
        { field: "text", allowed: "text in UTF-8; programs are fetched by packages.url of a script's header" },
      ],
    });
  }
  if (!/^#![ \t]*\/\S/.test(text)) {
    throw new InputError("The script does not begin with a shebang.", {
      failures: [{ field: "text", value: text.slice(0, 40), allowed: "a first line such as #!/bin/sh" }],
      ...scriptHeaderInvalid,
    });
  }
  const header = readYaml(headerText(text));
  if (Object.keys(beside).length === 0) return checkFields(header);
  const alone = checkFields(header);
  const told = { ...(header as Record<string, unknown>), ...beside };
  const both = checkFields(told);
  for (const [field, value] of Object.entries(beside)) {
    const [own, its] = [alone, both].map((parsed) =>
      JSON.stringify(Object.entries(parsed).find(([key]) => key === field)),
    );
    if (statesField(header, field) && own !== its)
      throw InputError.field(field, value, "must be as the script's header has it, or be left out");
  }
  return both;
}

/** Names of the fields a script's header states. */
export function statedFields(text: string): string[] {
  const header = readYaml(headerText(text));
  return headerFields.filter((field) => statesField(header, field));
}

const statesField = (header: unknown, field: string): boolean =>
  typeof header === "object" &&
  header !== null &&
  (Object.hasOwn(header, field) || (field === "type" && Object.hasOwn(header, "script_type")));

/** The YAML of a header, without the marks of comments; "" when there is no header. */
function headerText(text: string): string {
  const first = start.exec(text);
  if (first === null) {
    if (!end.test(text)) return "";
    throw broken("The header has an end but no start.", 'a line "# --- Start MAAS 1.0 script metadata ---" before it');
  }
  if (first[1] !== "1.0")
    throw broken(`The header is of version ${first[1]?.slice(0, 20)}.`, "version 1.0 of the script metadata");
  const rest = text.slice(first.index + first[0].length);
  const last = end.exec(rest);
  if (last === null)
    throw broken("The header has a start but no end.", 'a line "# --- End MAAS 1.0 script metadata ---" after it');
  const lines = rest.slice(0, last.index).split(/\r?\n/).slice(1, -1);
  const stranger = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("#"));
  if (stranger !== -1)
    throw broken(`Line ${stranger + 1} of the header is no comment.`, "every line to begin with '# '", lines[stranger]);
  const yaml = lines.map((line) => line.replace(/^# ?/, "")).join("\n");
  if (yaml.length > longestHeader) throw broken("The header is too long.", `at most ${longestHeader} characters`);
  return yaml;
}

function broken(message: string, allowed: string, value?: string): InputError {
  const failure = { field: "header", ...(value !== undefined && { value: value.slice(0, 200) }), allowed };
  return new InputError(message, { ...scriptHeaderInvalid, failures: [failure] });
}

/** `y` and `n` are text, as in PyYAML, by which such headers have always been read; YAML 1.1 itself has them as truths. */
function withoutLetters(tags: Tags): Tags {
  return tags.map((tag) =>
    typeof tag === "object" && tag.tag === "tag:yaml.org,2002:bool" && "test" in tag && tag.test
      ? { ...tag, test: new RegExp(`^(?!.$)(?:${tag.test.source})`) }
      : tag,
  );
}

/** YAML 1.1, as the scripts' other readers have it: `yes` is true, 00:05:00 is 300. */
export function readYaml(yaml: string): unknown {
  let value: unknown;
  if (hasTooMuch(yaml)) throw broken(`It has more than ${mostTokens} words and signs.`, "a shorter YAML text");
  try {
    const document = parseDocument(yaml, { version: "1.1", logLevel: "silent", customTags: withoutLetters });
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    value = document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    const words = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw broken(`It is no YAML: ${words.slice(0, 200)}`, "a YAML map of fields", yaml);
  }
  return value ?? {};
}

/** Reading takes time that grows with the square of what is in a text, so a machine could keep the region busy with it. */
const mostTokens = 10_000;
function hasTooMuch(yaml: string): boolean {
  let tokens = 0;
  for (const token of new Lexer().lex(yaml)) {
    if (token !== "") tokens++;
    if (tokens > mostTokens) return true;
  }
  return false;
}

function checkFields(value: unknown): ParsedScript {
  if (
    typeof value !== "object" ||
    value === null ||
    Array.isArray(value) ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    throw broken(
      "The header is no map of fields.",
      "lines such as '# name: my-script'",
      // A list may hold itself (`&a [*a]`), and is not shown.
      typeof value === "object" ? undefined : JSON.stringify(value),
    );
  const strange = Object.keys(value).find((name) => !headerFields.includes(name));
  if (strange !== undefined)
    throw broken(`The header has a field '${strange.slice(0, 50)}'.`, `one of ${headerFields.join(", ")}`, strange);
  const parsed = headerSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const failures = fieldFailures(parsed.error, value).slice(0, 20);
  const [first] = failures;
  const given = first?.value === undefined ? "" : ` is ${JSON.stringify(first.value)}`;
  throw new InputError(`The header's field ${first?.field}${given}: ${first?.allowed}.`, {
    failures: failures.map((failure) => ({ ...failure, field: `header.${failure.field}` })),
    ...scriptHeaderInvalid,
  });
}
