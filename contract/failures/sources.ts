/** The files of the catalogue's folder that are not a cause. */
const others = new Set(["all.ts", "cause.ts", "index.ts", "page.ts", "sources.ts"]);

/** The codes for which there is a file, in order, from the names in the folder. */
export function codesOf(fileNames: readonly string[]): string[] {
  return fileNames
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !others.has(name))
    .map((name) => name.slice(0, -".ts".length))
    .sort();
}

/** The constant that a code's file exports: `disk-missing` is `diskMissing`. */
export function nameOf(code: string): string {
  return code.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The text of `all.ts`: every cause by name, and the list of them. */
export function listModule(fileNames: readonly string[]): string {
  const codes = codesOf(fileNames);
  return [
    "// Written by contract/write-failures.ts from the files beside it.",
    ...codes.map((code) => `import { ${nameOf(code)} } from "./${code}.ts";`),
    "",
    ...codes.map((code) => `export * from "./${code}.ts";`),
    "",
    "/** Every cause of failure, in the order of the codes. */",
    `export const catalogue = [`,
    ...codes.map((code) => `  ${nameOf(code)},`),
    "] as const;",
    "",
    "/** The code of a cause in the catalogue. */",
    'export type CauseCode = (typeof catalogue)[number]["code"];',
    "",
  ].join("\n");
}
