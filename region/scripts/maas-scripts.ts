import type { ScriptArgument, ScriptType } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import type { MachineRow } from "../machines/fire.ts";
import { runningType } from "./conclude.ts";
import { readOutput } from "./output-read.ts";
import { timeoutOf } from "./parameters.ts";
import { type TarFile, tar } from "./tar.ts";

const hardwareNumbers = { node: 0, cpu: 1, memory: 2, storage: 3, network: 4, gpu: 5 } as const;
const parallelNumbers = { disabled: 0, instance: 1, any: 2 } as const;

/** A parameter as MAAS's script runner reads it. */
function parameter(argument: ScriptArgument): Record<string, unknown> {
  const format = argument.format === null ? {} : { argument_format: argument.format };
  if (argument.type === "storage") {
    const { name, path, model, serial } = argument.value;
    return { type: "storage", value: { name, id_path: path, model: model ?? "", serial: serial ?? "" }, ...format };
  }
  if (argument.type === "interface") {
    const { name, mac, vendor, product } = argument.value;
    return {
      type: "interface",
      value: { name, mac_address: mac, vendor: vendor ?? "", product: product ?? "" },
      ...format,
    };
  }
  const value = argument.type === "runtime" ? Number(argument.value) : argument.value;
  return { type: argument.type, value, ...format };
}

/** Runs that began already and come with their output: of one machine not many restart it at once. */
const mostBegun = 16;

/** Each text once, however many disks its script runs on. */
async function textsOf(tx: Transaction, hashes: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.selectFrom("script_texts").select(["sha256", "text"]).where("sha256", "in", hashes).execute();
  return new Map(rows.map(({ sha256, text }) => [sha256, text]));
}

/**
 * The scripts a machine has to run, as MAAS's runner fetches them: a tar archive with `index.json` and the texts. Null:
 * there is nothing to run. Runs that began already come with what they wrote so far.
 */
export async function scriptsArchive(tx: Transaction, machine: MachineRow, now: Date): Promise<Buffer | null> {
  const own = runningType(machine);
  const types: ScriptType[] = own === "commissioning" ? ["commissioning", "testing"] : own === null ? [] : [own];
  if (types.length === 0) return null;
  const rows = await tx
    .selectFrom("script_results as r")
    .innerJoin("script_sets as s", "s.id", "r.set_id")
    .leftJoin("scripts as c", "c.name", "r.name")
    .selectAll("r")
    .select(["s.type", "c.tags", "c.builtin", "c.for_hardware"])
    .select(sql<number>`(select max(id) from script_versions v where v.sha256 = r.sha256)`.as("version"))
    .where("r.machine_id", "=", machine.id)
    .where("s.type", "in", types)
    .where("s.closed_at", "is", null)
    .where("r.ended_at", "is", null)
    .where("r.arguments", "is not", null)
    .where("r.sha256", "is not", null)
    .orderBy("r.id")
    .limit(10_000)
    .execute();
  if (rows.length === 0) return null;
  const texts = await textsOf(tx, [...new Set(rows.flatMap(({ sha256 }) => sha256 ?? []))]);
  const index: Record<string, unknown[]> = {};
  const files = new Map<string, TarFile>();
  let begun = 0;
  for (const row of rows) {
    const path = `${row.type}/${row.name}`;
    (index[`${row.type}_scripts`] ??= []).push({
      name: row.name,
      path,
      script_result_id: row.id,
      script_version_id: row.version,
      timeout_seconds: timeoutOf(row.arguments ?? [], row.spec.timeout),
      parallel: parallelNumbers[row.spec.parallel],
      hardware_type: hardwareNumbers[row.spec.hardware_type],
      parameters: Object.fromEntries((row.arguments ?? []).map((one) => [one.name, parameter(one)])),
      packages: row.spec.packages,
      for_hardware: row.for_hardware ?? [],
      apply_configured_networking: row.spec.apply_configured_networking,
      has_started: row.started_at !== null,
      has_finished: false,
      default: row.builtin ?? false,
      tags: row.tags ?? [],
    });
    if (!files.has(path))
      files.set(path, { name: path, content: Buffer.from(texts.get(row.sha256 ?? "") ?? ""), mode: 0o755 });
    if (row.started_at === null || ++begun > mostBegun) continue;
    for (const [suffix, stream] of [
      ["", "combined"],
      [".out", "out"],
      [".err", "err"],
    ] as const) {
      const name = `out/${row.name}.${row.id}${suffix}`;
      files.set(name, { name, content: (await readOutput(tx, row.id, stream)).data, mode: 0o644 });
    }
  }
  const content = Buffer.from(`${JSON.stringify({ "1.0": index }, null, 2)}\n`);
  return tar([{ name: "index.json", content, mode: 0o644 }, ...files.values()], now);
}
