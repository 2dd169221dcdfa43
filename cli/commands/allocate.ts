import { machine, parseQuantity } from "@rackwright/contract";
import type { Machine } from "@rackwright/contract";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { report } from "../bulk.ts";
import type { Outcome } from "../bulk.ts";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { findMachines } from "../find.ts";
import { count, listed } from "../options.ts";
import { showMachines } from "./machines.ts";

type Options = CommonOptions & {
  cpus?: number;
  memory?: number;
  arch?: string;
  zone?: string[];
  notZone?: string[];
  pool?: string[];
  notPool?: string[];
  tags?: string[];
  notTags?: string[];
  for?: string;
};

function memory(text: string): number {
  const found = parseQuantity(text, 1024);
  if (found === null) throw new InvalidArgumentError("It must be a number of bytes such as 64G.");
  return found;
}

/** `rackwright machines allocate`: machines by name, or the smallest one that has what is wished. */
export function allocateCommand(machines: Command, context: Context): void {
  withTarget(
    machines
      .command("allocate [machine...]")
      .description("reserve machines for yourself: those named, or the smallest ready one with what is wished"),
  )
    .option("--cpus <count>", "with at least so many CPU threads", count)
    .option("--memory <size>", "with at least so much memory, such as 64G", memory)
    .option("--arch <architecture>", "of this architecture, such as amd64")
    .option("--zone <names>", "in one of these zones, with commas between", listed)
    .option("--not-zone <names>", "in none of these zones", listed)
    .option("--pool <names>", "in one of these resource pools", listed)
    .option("--not-pool <names>", "in none of these resource pools", listed)
    .option("--tags <names>", "with all of these tags", listed)
    .option("--not-tags <names>", "with none of these tags", listed)
    .option("--for <username>", "for this user, where an administrator asks")
    .action(async (names: string[], options: Options) => {
      const client = clientOf(context, options);
      const wish = {
        cpu_count: options.cpus,
        memory: options.memory,
        architecture: options.arch,
        zone: options.zone,
        not_zone: options.notZone,
        pool: options.pool,
        not_pool: options.notPool,
        tags: options.tags,
        not_tags: options.notTags,
        owner: options.for,
      };
      const wanted = await findMachines(client, names);
      const [only] = wanted;
      if (wanted.length > 1) return report(context, options.json, await allocateEach(client, wanted, wish));
      const body = only === undefined ? wish : { ...wish, id: only.id };
      showMachines(context, options.json, [await client.send("POST", "/api/v1/machines/allocate", body, machine)]);
    });
}

async function allocateEach(client: ApiClient, wanted: readonly Machine[], wish: object): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { id, hostname, status } of wanted) {
    try {
      const after = await client.send("POST", "/api/v1/machines/allocate", { ...wish, id }, machine);
      outcomes.push({ id, hostname, ok: true, status: after.status, code: null, error: null, next: null });
    } catch (error) {
      if (!(error instanceof CliError) || error.code === undefined) throw error;
      outcomes.push({ id, hostname, ok: false, status, code: error.code, error: error.message, next: error.next });
    }
  }
  return outcomes;
}
