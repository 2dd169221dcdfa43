import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { buildProgram } from "../program.ts";
import { completionScript } from "./shells.ts";
import type { Shell } from "./shells.ts";
import { suggest } from "./suggest.ts";
import type { Suggestions, ValueSource, Wanted } from "./suggest.ts";
import { silentTerminal } from "../terminal.ts";

const run = promisify(execFile);
const main = join(dirname(import.meta.dirname), "main.ts");
const program = buildProgram({ terminal: silentTerminal, environment: {}, interrupted: new AbortController().signal });
const asked: Wanted[] = [];
const source: ValueSource = (wanted) => {
  asked.push(wanted);
  const names = ["node-1", "node-2", "$(reboot)", "a;b", "-rf x", "52:54:00:00:00:01"];
  return Promise.resolve(names.map((value) => ({ value, description: "a machine" })));
};
const valuesOf = (found: Suggestions): readonly string[] =>
  found === "files" ? ["files"] : found.map(({ value }) => value);
const complete = async (...words: string[]): Promise<readonly string[]> =>
  valuesOf(await suggest(program, words, source));

test("commands, options and choices come from the program", async () => {
  assert.ok((await complete("")).includes("machines"));
  assert.deepEqual(await complete("cre"), ["createadmin"]);
  assert.ok((await complete("machines", "")).includes("show"));
  assert.deepEqual(await complete("demo", "--fi"), ["--firmware"]);
  assert.deepEqual(await complete("demo", "--firmware", ""), ["bios", "uefi"]);
  assert.deepEqual(await complete("demo", "--firmware=u"), ["--firmware=uefi"]);
  assert.deepEqual(await complete("demo", "--once", "--o"), [], "what is there already is not offered again");
  assert.deepEqual(await complete("completion", "z"), ["zsh"], "the hidden command stays hidden");
  assert.deepEqual(await complete("no-such-command", "x", ""), []);
});

test("every command is reached, and its options are offered", async () => {
  const visit = async (command: typeof program, path: readonly string[]): Promise<void> => {
    const offered = await complete(...path, "");
    for (const sub of command.createHelp().visibleCommands(command)) {
      assert.ok(offered.includes(sub.name()), [...path, sub.name()].join(" "));
      if (sub.name() !== "help") await visit(sub, [...path, sub.name()]);
    }
    const options = await complete(...path, "--");
    for (const option of command.createHelp().visibleOptions(command)) assert.ok(options.includes(option.long ?? ""));
  };
  await visit(program, []);
});

test("names are asked for by what they are called, with the options given so far", async () => {
  asked.length = 0;
  assert.deepEqual(await complete("machines", "show", "--state", "/x", "node"), ["node-1", "node-2"]);
  assert.deepEqual(asked, [
    { path: "machines show", noun: "machine", placeholder: "machine", typed: "node", given: { state: "/x" } },
  ]);
  assert.deepEqual(await complete("machines", "show", "--", "52"), ["52:54:00:00:00:01"]);
  await complete("up", "--interface", "eth0", "eth");
  assert.equal(asked.at(-1)?.noun, "interface", "several values of one option");
});

test("no suggestion does more than name a thing", async () => {
  assert.deepEqual(await complete("machines", "show", ""), ["node-1", "node-2", "52:54:00:00:00:01"]);
});

test("bash completes, whatever the program is called by, and evaluates nothing of what is typed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rw-completion-"));
  try {
    const started = `exec "${process.execPath}" --disable-warning=ExperimentalWarning "${main}" "$@"`;
    await writeFile(join(folder, "rackwright"), `#!/bin/sh\n${started}\n`, { mode: 0o755 });
    const script = `${completionScript("bash")}
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rackwright; (IFS=,; echo "\${COMPREPLY[*]}"); }
      try rackwright create
      try ./rackwright demo --firmware ''
      try rackwright demo --firmware = u
      try rackwright demo --firmware =
      try rackwright machines '$(touch pwned)' '\`touch pwned\`' ';touch pwned' ''
      COMP_WORDBREAKS=' '
      try rackwright demo --firmware=u`;
    const own = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, NODE_COMPILE_CACHE: join(folder, "compiled") };
    const env = { ...process.env, ...own };
    const { stdout, stderr } = await run("bash", ["--norc", "-c", script], { cwd: folder, env });
    assert.equal(stderr, "");
    assert.deepEqual(stdout.split("\n"), ["createadmin", "bios,uefi", "uefi", "bios,uefi", "", "--firmware=uefi", ""]);
    await assert.rejects(access(join(folder, "pwned")));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

for (const shell of ["zsh", "fish"] satisfies Shell[]) {
  const skip = spawnSync(shell, ["--version"]).error === undefined ? false : `${shell} is not installed`;
  test(`${shell} takes its script`, { skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "rw-completion-"));
    try {
      // A file, since not every shell opens a pipe that is given as /dev/stdin.
      const file = join(folder, "script");
      await writeFile(file, completionScript(shell));
      const checked = spawnSync(shell, ["-n", file], { encoding: "utf8" });
      assert.equal(checked.status, 0, checked.stderr);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
