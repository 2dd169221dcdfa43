import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import test from "node:test";
import { buildProgram, processTerminal } from "@rackwright/cli";
import { filterFieldNames, parseFilter, scriptTypes } from "@rackwright/contract";
import { z } from "zod";
import { anchorsOf, callsIn, codeOf, linksOf } from "./markdown.ts";

const home = dirname(import.meta.dirname);
const read = (path: string): Promise<string> => readFile(join(home, path), "utf8");

/** Every page for people, by its path in the repository. */
async function readPages(): Promise<Map<string, string>> {
  const paths = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"];
  for await (const path of glob("docs/**/*.md", { cwd: home })) paths.push(path);
  return new Map(await Promise.all(paths.sort().map(async (path) => [path, await read(path)] as const)));
}
const pages = await readPages();
/** Pages that a program writes, with examples of its own. */
const generated = ["docs/reference/cli.md", "docs/reference/failures.md", "docs/reference/life-cycle.md"];
const written = [...pages].filter(([path]) => !generated.includes(path));

type Program = ReturnType<typeof buildProgram>;

const context = {
  terminal: processTerminal(process.stdout, process.stderr),
  environment: {},
  interrupted: new AbortController().signal,
};

/** The real command line, whose commands do nothing but keep the filters they are given. */
function openProgram(filters: string[]): Program {
  const program = buildProgram(context);
  const disarm = (command: Program): void => {
    command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
    command.commands.forEach(disarm);
    // A group that takes no arguments itself says what there is in it.
    if (command.commands.length > 0 && command.registeredArguments.length === 0) return;
    command.action(() => {
      const { filter } = command.opts<{ filter?: unknown }>();
      if (typeof filter === "string") filters.push(filter);
    });
  };
  disarm(program);
  return program;
}

/** What is wrong with a call as a whole; null when nothing is. */
function complaintOf(words: readonly string[]): string | null {
  const filters: string[] = [];
  try {
    openProgram(filters).parse([...words], { from: "user" });
    filters.forEach(parseFilter);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What is wrong with a call that the text mentions, perhaps without its arguments; null when nothing is. */
function complaintOfMention(words: readonly string[]): string | null {
  let command = openProgram([]);
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    command = next;
  }
  const [first = ""] = words;
  if (command.parent === null) return /^[a-z]/.test(first) ? `there is no command '${first}'` : null;
  if (command.commands.length > 0) {
    const strange = words.find((word, at) => at > 0 && /^[a-z]/.test(word));
    return strange === undefined || strange === command.name() ? null : `there is no command '${strange}'`;
  }
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  // Commands that pass their words on to another program have no options of their own.
  if (known.size === 0) return null;
  const strange = words.find((word) => word.startsWith("--") && !known.has(word.split("=")[0]));
  return strange === undefined ? null : `there is no option ${strange}`;
}

test("every link of the documentation leads somewhere", async () => {
  const dead: string[] = [];
  for (const [path, page] of pages)
    for (const { line, path: target, anchor } of linksOf(page)) {
      const file = target === "" ? path : relative(home, join(home, dirname(path), target));
      const text = pages.get(file) ?? (await read(file).catch((error: NodeJS.ErrnoException) => error.code));
      if (text === "ENOENT") dead.push(`${path}:${line} leads to ${file}, which does not exist`);
      else if (anchor !== "" && !anchorsOf(text ?? "").includes(anchor))
        dead.push(`${path}:${line} leads to #${anchor}, which ${file} does not have`);
    }
  assert.deepEqual(dead, []);
});

test("every page can be found from docs/README.md", () => {
  const listed = linksOf(pages.get("docs/README.md") ?? "").map(({ path }) => relative(home, join(home, "docs", path)));
  const lost = [...pages.keys()].filter((path) => path.startsWith("docs/") && path !== "docs/README.md");
  assert.deepEqual(
    lost.filter((path) => !listed.includes(path)),
    [],
  );
});

test("every command of the documentation is one that the program takes", () => {
  const wrong: string[] = [];
  let checked = 0;
  for (const [path, page] of written)
    for (const { line, text, block } of codeOf(page))
      for (const words of callsIn(text)) {
        checked += 1;
        const complaint = block ? complaintOf(words) : complaintOfMention(words);
        if (complaint !== null) wrong.push(`${path}:${line} rackwright ${words.join(" ")}: ${complaint}`);
      }
  assert.deepEqual(wrong, []);
  assert.ok(checked > 100, `only ${checked} commands were found`);
});

test("a command that does not exist is noticed", () => {
  assert.deepEqual(callsIn("source <(./rackwright completion bash)  # x"), [["completion", "bash"]]);
  assert.deepEqual(callsIn("X=1 ./rackwright machines list --filter 'a b' | less"), [
    ["machines", "list", "--filter", "a b"],
  ]);
  assert.deepEqual(callsIn("rackwright explain quiet-heron"), [["explain", "quiet-heron"]]);
  assert.deepEqual(callsIn("create role rackwright login;"), []);
  assert.equal(complaintOf(["machines", "list", "--filter", "cpu>=8"]), null);
  assert.match(complaintOf(["machines", "list", "--filter", "cpus>=8"]) ?? "", /found 'cpus'/);
  assert.match(complaintOf(["machines", "lisst"]) ?? "", /unknown command/);
  assert.match(complaintOf(["machines", "list", "--fast"]) ?? "", /unknown option/);
  assert.match(complaintOf(["machines", "show"]) ?? "", /missing required argument/);
  assert.match(complaintOfMention(["machines", "lisst"]) ?? "", /no command/);
  assert.match(complaintOfMention(["explain", "--fast"]) ?? "", /no option/);
});

test("every address of the API in the documentation exists", async () => {
  const described = z
    .object({ paths: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(await read("docs/reference/openapi.json")));
  const patterns = [...Object.keys(described.paths), "/api/v1/openapi.json"].map(
    (path) => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+").replaceAll(".", String.raw`\.`)}$`),
  );
  const strange = written.flatMap(([path, page]) =>
    codeOf(page).flatMap(({ line, text }) =>
      [...text.matchAll(/\/api\/v1\/[\w{}./-]+/g)]
        .map(([address]) => address.replace(/[./]+$/, ""))
        .filter((address) => !patterns.some((pattern) => pattern.test(address)))
        .map((address) => `${path}:${line} ${address}`),
    ),
  );
  assert.deepEqual(strange, []);
});

/** The words in backquotes that begin the rows of a page's tables. */
const rowsOf = (path: string): string[] =>
  [...(pages.get(path) ?? "").matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = ""]) => name);

test("the pages of filter fields and of built-in scripts name exactly those that exist", async () => {
  assert.deepEqual(rowsOf("docs/reference/filters.md").toSorted(), filterFieldNames.toSorted());
  const scripts: string[] = [];
  for await (const path of glob(`region/scripts/builtin/{${scriptTypes.join()}}/*`, { cwd: home }))
    scripts.push(path.split("/").at(-1) ?? "");
  assert.deepEqual(rowsOf("docs/reference/built-in-scripts.md").toSorted(), scripts.toSorted());
});
