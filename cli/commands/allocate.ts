import { machine, parseQuantity, plan } from "@rackwright/contract";
import type { Machine } from "@rackwright/contract";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import type { z } from "zod";
import { showPlan } from "../api/show.ts";
import { report } from "../bulk.ts";
import type { Outcome } from "../bulk.ts";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget, withTrial } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError, inOptions } from "../errors.ts";
import { findMachines } from "../find.ts";
import { collect, count, listed } from "../options.ts";
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
  subnets?: string[];
  notSubnets?: string[];
  vlans?: string[];
  notVlans?: string[];
  storage?: string[];
  interfaces?: string[];
  devices?: string[];
  agentName?: string;
  comment?: string;
  for?: string;
  dryRun?: boolean;
};

function memory(text: string): number {
  const found = parseQuantity(text, 1024);
  if (found === null) throw new InvalidArgumentError("It must be a number of bytes such as 64G.");
  return found;
}

/** Fields of the request that are options by another name. */
const called = {
  cpu_count: "--cpus",
  architecture: "--arch",
  owner: "--for",
  ...Object.fromEntries(["zone", "pool", "tags", "subnets", "vlans"].map((one) => [`not_${one}`, `--not-${one}`])),
};

/** `rackwright machines allocate`: machines by name, or the smallest one that has what is wished. */
export function allocateCommand(machines: Command, context: Context): void {
  const command = machines
    .command("allocate [machine...]")
    .description("reserve machines for yourself: those named, or the smallest ready one with what is wished")
    .option("--cpus <count>", "with at least so many CPU threads", count)
    .option("--memory <size>", "with at least so much memory, such as 64G", memory)
    .option("--arch <architecture>", "of this architecture, such as amd64")
    .option("--zone <names>", "in one of these zones, with commas between", listed)
    .option("--not-zone <names>", "in none of these zones", listed)
    .option("--pool <names>", "in one of these resource pools", listed)
    .option("--not-pool <names>", "in none of these resource pools", listed)
    .option("--tags <names>", "with all of these tags", listed)
    .option("--not-tags <names>", "with none of these tags", listed)
    .option(
      "--subnets <names>",
      "linked to all of these subnets: name, network such as 10.0.0.0/24, or type:value",
      listed,
    )
    .option("--not-subnets <names>", "linked to none of these subnets", listed)
    .option("--vlans <tags>", "with an interface on one of these VLANs: its tag, or type:value", listed)
    .option("--not-vlans <tags>", "with an interface on none of these VLANs", listed)
    .option(
      "--storage <disk>",
      "with such a disk: [label:]GB[(tag,…)]; may be repeated, the first is where / is",
      collect,
    )
    .option("--interfaces <interface>", "with such an interface: label:key=value,…; may be repeated", collect)
    .option("--devices <device>", "with such a PCI or USB device: vendor_id=…,product_id=…; may be repeated", collect)
    .option("--agent-name <name>", "who allocates, where it is a program; gone with the release")
    .option("--comment <text>", "why, for the events")
    .option("--for <username>", "for this user, where an administrator asks");
  withTarget(withTrial(command)).action(async (names: string[], options: Options) => {
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
      subnets: options.subnets,
      not_subnets: options.notSubnets,
      vlans: options.vlans,
      not_vlans: options.notVlans,
      storage: options.storage?.join(","),
      interfaces: options.interfaces?.join(";"),
      devices: options.devices?.join(","),
      agent_name: options.agentName,
      comment: options.comment,
      owner: options.for,
    };
    const wanted = await findMachines(client, names);
    const ask = <T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> =>
      client.send("POST", path, body, schema).catch((error: unknown) => {
        throw inOptions(error, called);
      });
    const [only] = wanted;
    if (options.dryRun) {
      for (const id of only === undefined ? [undefined] : wanted.map((one) => one.id)) {
        const body = { ...wish, id };
        const told = await ask("/api/v1/machines/allocate?dry_run=true", body, plan);
        showPlan(context.terminal, options.json, told);
      }
      return;
    }
    if (wanted.length > 1) return report(context, options.json, await allocateEach(client, wanted, wish));
    const body = only === undefined ? wish : { ...wish, id: only.id };
    showMachines(context, options.json, [await ask("/api/v1/machines/allocate", body, machine)]);
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
