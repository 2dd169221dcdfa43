import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { apiDocument } from "../api/document.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { oneOf } from "../options.ts";
import { carryOut } from "../site/carry-out.ts";
import { fieldsOf } from "../site/fields.ts";
import { type NounName, nounNames } from "../site/nouns.ts";
import { changeLines, planChanges } from "../site/plan.ts";
import { readPresent } from "../site/read.ts";
import { counted } from "../words.ts";

/** A kind of thing by its name. @throws CliError with the nearest one */
function kindOf(text: string): NounName {
  try {
    return oneOf<NounName>(nounNames)(text);
  } catch (error) {
    throw new CliError(`'${text}' is no kind of thing.`, error instanceof Error ? error.message : "", 2);
  }
}

type Options = CommonOptions & { file: string; prune?: boolean };

/** `rackwright export`, `diff` and `apply`: the site as a document. */
export function siteDocumentCommands(program: Command, context: Context): void {
  const print = (line: string): void => context.terminal.print(line);
  const withFile = (command: Command): Command =>
    withTarget(command)
      .requiredOption("-f, --file <file>", "the document, in YAML; - for standard input")
      .option("--prune", "also delete what the document does not list, of the kinds it names");
  const prepare = async (options: Options) => {
    const { readSite } = await import("../site/document.ts");
    const fields = fieldsOf(apiDocument());
    const wanted = readSite(readDocument(options.file), options.file, fields);
    const client = clientOf(context, options);
    const kinds = nounNames.filter((name) => wanted[name] !== undefined);
    const present = await readPresent(client, fields, kinds);
    return {
      client,
      fields,
      present,
      changes: planChanges(present.site, wanted, { prune: options.prune ?? false, fields }),
    };
  };

  withTarget(
    program.command("export [kind...]").description("print the site as a document: all of it, or these kinds"),
  ).action(async (kinds: string[], options: CommonOptions) => {
    const wanted = kinds.map(kindOf);
    const chosen = wanted.length === 0 ? nounNames : wanted;
    const { site } = await readPresent(clientOf(context, options), fieldsOf(apiDocument()), chosen);
    const told = Object.fromEntries(Object.entries(site).filter(([name]) => chosen.some((one) => one === name)));
    const { printSite } = await import("../site/document.ts");
    context.terminal.write(Buffer.from(options.json ? `${JSON.stringify(told)}\n` : printSite(told)));
  });

  withFile(program.command("diff").description("what 'apply' would do; exit status 1 where that is something")).action(
    async (options: Options) => {
      const { changes } = await prepare(options);
      if (options.json) print(JSON.stringify(changes));
      else for (const line of changeLines(changes)) print(line);
      if (changes.length > 0)
        throw new CliError(`${counted(changes.length, "difference")}.`, "'rackwright apply' makes them go.", 1);
    },
  );

  withFile(program.command("apply").description("make the site as a document says")).action(
    async (options: Options) => {
      const { client, fields, present, changes } = await prepare(options);
      const told = (change: (typeof changes)[number]): void => {
        if (!options.json) for (const line of changeLines([change])) print(line);
      };
      await carryOut(client, changes, { fields, addresses: present.addresses, told });
      if (options.json) print(JSON.stringify(changes));
      else if (changes.length === 0) context.terminal.say("The site is as the document says already.");
    },
  );
}

function readDocument(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CliError(
      `${file} cannot be read: ${error instanceof Error ? error.message : ""}`,
      "Look at the path.",
      2,
    );
  }
}
