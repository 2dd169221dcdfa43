import { type FieldRule, choicesOf } from "@rackwright/contract";
import type { List } from "./list.ts";

function kindOf(rule: FieldRule): string {
  const choices = choicesOf(rule);
  if (choices !== null && choices.length <= 12) return choices.map((one) => `\`${one}\``).join(", ");
  return { text: "text", choice: "one of many words", number: "number", boolean: "", time: "time" }[rule.kind];
}

const cell = (text: string): string => text.replaceAll("|", String.raw`\|`).replaceAll("\n", " ");

function rowsOf({ fields, sources, keys }: List): string[] {
  return Object.entries(fields).map(([name, rule]) => {
    const source = sources.fields[name];
    const words = [
      rule.meaning,
      source?.kind === "text" && !source.lower ? "upper and lower case are told apart" : "",
      keys[name] === undefined ? "any of several; not sorted by" : "",
    ].filter((part) => part !== "");
    return `| \`${name}\` | ${cell(kindOf(rule))} | ${cell(words.join("; "))} |`;
  });
}

/** The page that tells by which fields each list can be filtered and sorted. */
export function fieldsPage(lists: readonly List[]): string {
  const sections = lists.map((list) =>
    [
      `## ${list.path}`,
      "",
      ...(list.path === "events" ? ["Sorted by nothing but time.", ""] : []),
      "| field | what it is | |",
      "| --- | --- | --- |",
      ...rowsOf(list),
      "",
    ].join("\n"),
  );
  return `# Fields of lists

What \`filter\` and \`sort\` of each list of the API may name, below \`/api/v1/\`. [Filters](filters.md) tells the language, and the fields of machines.
\`node region/filter/write-reference.ts\` writes this page from what the lists declare.

Fields are named as in the answers; those an answer does not have so are told. A word without a field is looked for in every text.

${sections.join("\n")}`;
}
