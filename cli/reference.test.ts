import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { buildProgram } from "./program.ts";
import { referencePage } from "./reference.ts";
import { silentTerminal } from "./terminal.ts";

const context = {
  terminal: silentTerminal,
  environment: {},
  interrupted: new AbortController().signal,
};

test("the committed reference page is what the program says of itself", async () => {
  const committed = await readFile(join(import.meta.dirname, "..", "docs", "reference", "cli.md"), "utf8");
  assert.equal(committed, referencePage(buildProgram(context)), "run: node cli/write-reference.ts");
});

test("every command has a description, and every option and argument a meaning", () => {
  const visit = (command: ReturnType<typeof buildProgram>): void => {
    assert.notEqual(command.description(), "", command.name());
    for (const option of command.options) assert.notEqual(option.description, "", `${command.name()} ${option.flags}`);
    for (const one of command.registeredArguments)
      assert.notEqual(one.description, "", `${command.name()} ${one.name()}`);
    command.commands.forEach(visit);
  };
  visit(buildProgram(context));
});
