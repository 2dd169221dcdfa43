import type { Command } from "commander";
import { apiDocument } from "../api/document.ts";
import { clientOf } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { maasClient } from "../import/maas-client.ts";
import { readMaas } from "../import/maas-read.ts";
import { bring, missing } from "../import/people-and-machines.ts";
import { translate } from "../import/translate.ts";
import { carryOut } from "../site/carry-out.ts";
import { fieldsOf } from "../site/fields.ts";
import { changeLines, planChanges } from "../site/plan.ts";
import { readPresent } from "../site/read.ts";

type Options = CommonOptions & { url: string; apply?: boolean };

/** `rackwright import maas`: moves in from a MAAS that runs. */
export function importCommand(program: Command, context: Context): void {
  const { terminal, environment } = context;
  const moving = program.command("import").description("take over what another tool has looked after");
  moving
    .command("maas")
    .description("read a running MAAS and show what would come to the region here; with --apply bring it")
    .requiredOption("--url <url>", "address of the MAAS, such as http://10.0.0.1:5240/MAAS")
    .option("--api-key <key>", "API key of an administrator there (MAAS_API_KEY)")
    .option("--state <dir>", "state folder of the region on this host (RACKWRIGHT_STATE)")
    .option("--profile <name>", "region that was logged in to (RACKWRIGHT_PROFILE)")
    .option("--json", "print JSON instead of text")
    .option("--apply", "bring it; otherwise nothing is changed")
    .action(async ({ url, apiKey, ...options }: Options) => {
      const key = apiKey ?? environment["MAAS_API_KEY"];
      if (key === undefined)
        throw new CliError("No key for the MAAS is given.", "Give --api-key, or set MAAS_API_KEY.", 2);
      const maas = await readMaas(maasClient(url, key), (path) => terminal.progress(`Reading ${path} …`));
      const { site, notes, ...people } = translate(maas);
      const client = clientOf(context, options);
      const fields = fieldsOf(apiDocument());
      const present = await readPresent(client, fields);
      const changes = planChanges(present.site, site, { prune: false, fields });
      const absent = await missing(client, people);
      if (options.json) terminal.print(JSON.stringify({ changes, ...absent, notes }));
      const told = (line: string): void => (options.json ? undefined : terminal.print(line));
      if (options.apply) {
        await carryOut(client, changes, {
          fields,
          addresses: present.addresses,
          told: (change) => changeLines([change]).forEach(told),
        });
        await bring(client, absent, told);
      } else {
        for (const line of changeLines(changes)) told(line);
        for (const { username, administrator } of absent.users)
          told(`+ users ${username}${administrator ? ", administrator" : ""}`);
        for (const { hostname, status } of absent.machines) told(`+ machines ${hostname}, ${status}`);
        for (const { hostname } of absent.devices) told(`+ devices ${hostname}`);
      }
      for (const note of notes) terminal.say(note);
      if (!options.apply && !options.json) terminal.say("Nothing is changed yet: --apply brings it.");
    });
}
