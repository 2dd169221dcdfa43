import { InputError } from "../errors.ts";

/** What a specifier may name. */
export type Kind = "subnet" | "vlan" | "fabric" | "space";

/** One condition on a thing: a word about itself, or about something it belongs to. */
export type Specifier =
  | { readonly by: "id" | "vid" | "interface"; readonly number: number }
  | { readonly by: "name" | "class" | "cidr" | "ip" | "interface name"; readonly text: string }
  /** Is in no space. */
  | { readonly by: "none" }
  /** Is what can be no thing's: a number that is none, a network that is none. */
  | { readonly by: "nothing" }
  | { readonly by: Kind; readonly of: Specifier };

/** Conditions that hold at once, and how they are joined to those before. */
export type Clause = { readonly join: "or" | "and"; readonly not: boolean; readonly all: readonly Condition[] };
export type Condition = { readonly not: boolean; readonly is: Specifier };

/** Words before a colon, by what is named. */
const words: Readonly<Record<Kind, readonly string[]>> = {
  subnet: ["cidr", "id", "ip", "name", "space", "vid", "vlan", "fabric", "interface"],
  vlan: ["id", "name", "vid", "fabric", "space", "subnet"],
  fabric: ["id", "name", "class"],
  space: ["id", "name", "subnet"],
};
const most = { conditions: 500, depth: 4 } as const;

/**
 * Reads specifiers as MAAS clients write them: `7`, `10.0.0.0/24`, `space:name:dmz,vid:untagged`. A comma joins
 * conditions that must all hold; each further text is an alternative, but one that begins with `&` narrows what is
 * before, and one with `!` or `not_` takes out of it.
 *
 * @throws InputError for more than can be asked at once
 */
export function parseSpecifiers(kind: Kind, texts: readonly string[]): Clause[] {
  const clauses = texts.map((text): Clause => {
    const [, sign = "", rest = ""] = /^\s*([&|]|!|not_)?(.*)$/s.exec(text) ?? [];
    const negative = sign === "!" || sign === "not_";
    return {
      join: sign === "&" || negative ? "and" : "or",
      not: negative,
      all: rest.split(",", most.conditions + 1).map((part) => parseCondition(kind, part)),
    };
  });
  const count = clauses.reduce((sum, { all }) => sum + all.length, 0);
  if (count > most.conditions)
    throw new InputError(
      `At most ${most.conditions} conditions on a ${kind} can be asked at once; these are ${count}.`,
    );
  return clauses;
}

function parseCondition(kind: Kind, text: string): Condition {
  const [, not, rest = ""] = /^\s*(!|not_)?(.*?)\s*$/s.exec(text) ?? [];
  return { not: not !== undefined, is: parseSpecifier(kind, rest) };
}

/**
 * One specifier without commas: `type:value`, or a bare word, which is what such things usually go by.
 *
 * @throws InputError for one that goes through too many things
 */
export function parseSpecifier(kind: Kind, text: string, depth = 0): Specifier {
  // The database can hold no such name.
  if (text.includes("\0") || !text.isWellFormed()) return { by: "nothing" };
  const [, word = "", value = ""] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  if (!words[kind].includes(word)) return bare(kind, text.trim());
  if (word === "subnet" || word === "vlan" || word === "fabric" || word === "space") {
    if (depth >= most.depth) throw new InputError(`The specifier of a ${kind} goes through too many other things.`);
    return { by: word, of: parseSpecifier(word, value, depth + 1) };
  }
  const its = value.trim();
  switch (word) {
    case "id":
      return kind === "space" && its === "-1" ? { by: "none" } : numbered("id", its);
    case "vid":
      return its === "untagged" ? { by: "vid", number: 0 } : numbered("vid", its);
    case "interface":
      return its.startsWith("name:")
        ? { by: "interface name", text: its.slice("name:".length) }
        : numbered("interface", its.replace(/^id:/, ""));
    case "class":
    case "cidr":
    case "ip":
      return { by: word, text: its };
    default:
      return kind === "space" && its === "undefined" ? { by: "none" } : { by: "name", text: its };
  }
}

function numbered(by: "id" | "vid" | "interface", text: string): Specifier {
  return /^\d{1,15}$/.test(text) ? { by, number: Number(text) } : { by: "nothing" };
}

function bare(kind: Kind, text: string): Specifier {
  const isNumber = /^\d+$/.test(text);
  switch (kind) {
    case "subnet":
      if (isNumber) return numbered("id", text);
      return /^[0-9a-fA-F:.]+\/\d{1,3}$/.test(text) ? { by: "cidr", text } : { by: "name", text };
    case "vlan":
      if (text === "untagged") return { by: "vid", number: 0 };
      return isNumber ? numbered("vid", text) : { by: "name", text };
    case "space":
      if (text === "-1" || text === "undefined") return { by: "none" };
      return isNumber ? numbered("id", text) : { by: "name", text };
    case "fabric":
      return isNumber ? numbered("id", text) : { by: "name", text };
  }
}
