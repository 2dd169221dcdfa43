import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildProgram } from "./program.ts";
import { referencePage } from "./reference.ts";
import { silentTerminal } from "./terminal.ts";

const context = {
  terminal: silentTerminal,
  environment: {},
  interrupted: new AbortController().signal,
};
writeFileSync(join(import.meta.dirname, "..", "docs", "reference", "cli.md"), referencePage(buildProgram(context)));
