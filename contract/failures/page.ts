import type { Blame, Cause } from "./cause.ts";

const acts: Readonly<Record<Blame, string>> = {
  operator: "the operator: what was asked or set up cannot be",
  machine: "the machine, its BMC, or another peer on the wire",
  rackwright: "Rackwright itself: please report it",
  outside: "the world outside: disk, network, database, another program",
};

/** The catalogue as a page of reference in Markdown. */
export function failuresPage(catalogue: readonly Cause[]): string {
  const sorted = [...catalogue].sort((a, b) => a.code.localeCompare(b.code));
  return [
    "# Failures",
    "",
    "Every cause of failure by its code, which never changes. `node contract/write-failures.ts` writes this page from",
    "`contract/failures/`. How failures are shown: [When something goes wrong](../explanation/failures.md).",
    "",
    "| code | what is wrong |",
    "| --- | --- |",
    ...sorted.map(({ code, title }) => `| [\`${code}\`](#${code}) | ${title} |`),
    "",
    ...sorted.flatMap(section),
  ].join("\n");
}

function section({ code, title, meaning, blame, evidence, next, test }: Cause): string[] {
  return [
    `## ${code}`,
    "",
    `**${title}.** ${meaning}`,
    "",
    `- Who has to act: ${acts[blame]}.`,
    `- Evidence: ${evidence}`,
    `- Next: ${next}`,
    `- Provoked by \`${test}\`.`,
    "",
  ];
}
