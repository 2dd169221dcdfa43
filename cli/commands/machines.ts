import type { Command } from "commander";
import { machine, machineDetail, machineStatuses } from "@rackwright/contract";
import type { Machine, MachineDetail } from "@rackwright/contract";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { findMachine } from "../find.ts";
import { count, listed, oneOf } from "../options.ts";
import { bytes, diskSize, showList } from "../terminal.ts";
import { momentFrom, spoken, verbOf } from "../words.ts";
import { hardwareCommands } from "./hardware.ts";
import { machineActionCommands } from "./machine-actions.ts";
import { machineMakingCommands } from "./machine-making.ts";
import { timelineCommand } from "./machine-timeline.ts";
import { resultCommands } from "./results.ts";

/** What a machine does now, or why it failed. */
export function doing(entry: Machine): string {
  if (entry.failure !== null) return entry.failure.message;
  if (entry.progress === null) return entry.waits_for ?? "";
  const { title, percent } = entry.progress;
  return percent === null ? title : `${title} ${Math.round(percent)}%`;
}

function row(entry: Machine): string[] {
  return [
    entry.id,
    entry.hostname,
    entry.locked ? `${entry.status}, locked` : entry.status,
    entry.power_state,
    String(entry.cpu_count ?? "-"),
    bytes(entry.memory),
    diskSize(entry.storage),
    entry.addresses.join(",") || "-",
    doing(entry),
  ];
}

const header = ["id", "hostname", "status", "power", "cpus", "memory", "disks", "address", "now"];

/** Prints machines as a table, or as JSON. */
export function showMachines(
  context: Context,
  json: boolean | undefined,
  machines: readonly Machine[],
  empty = "No machine.",
): void {
  if (json) context.terminal.print(JSON.stringify(machines));
  else showList(context.terminal, header, machines.map(row), empty);
}

type ListOptions = CommonOptions & { status?: string; search?: string; filter?: string; sort?: string; limit: number };

/** `rackwright machines …`: list, look at and act on machines. */
export function machinesCommand(program: Command, context: Context): void {
  const machines = program.command("machines").description("list, look at and act on machines");

  machines.commandsGroup("Look:");
  withTarget(machines.command("list").description("machines with their status"))
    .option("--status <status>", "only machines in this status, or in several with commas between", statuses)
    .option("--search <text>", "only machines whose hostname, id, MAC, serial number or model contains this")
    .option("--filter <filter>", "only machines this finds, such as 'status:ready cpu>=8 not tag:gpu'")
    .option("--sort <fields>", "such as -memory,hostname: up to three fields; '-' goes downwards")
    .option("--limit <count>", "at most this many", count, 1000)
    .action(async (options: ListOptions) => {
      const query = new URLSearchParams({ limit: String(Math.min(1000, options.limit)) });
      if (options.status) query.set("status", options.status);
      if (options.search) query.set("q", options.search);
      if (options.filter) query.set("filter", options.filter);
      if (options.sort) query.set("sort", options.sort);
      const found: Machine[] = [];
      for await (const entry of clientOf(context, options).all(`/api/v1/machines?${query.toString()}`, machine))
        if (found.push(entry) >= options.limit) break;
      const narrowed = options.status ?? options.search ?? options.filter;
      const empty =
        narrowed === undefined
          ? "No machine yet. Power one on in a network Rackwright serves, or try 'rackwright demo'."
          : "No machine is like that.";
      showMachines(context, options.json, found, empty);
    });

  withTarget(machines.command("show <machine>").description("everything known of one machine")).action(
    async (name: string, options: CommonOptions) => {
      const client = clientOf(context, options);
      const { id } = await findMachine(client, name);
      const detail = await client.get(`/api/v1/machines/${id}`, machineDetail);
      if (options.json) context.terminal.print(JSON.stringify(detail));
      else for (const line of detailLines(detail, Date.now())) context.terminal.print(line);
    },
  );

  resultCommands(machines, context);
  timelineCommand(machines, context);
  hardwareCommands(machines, context);
  machines.commandsGroup("Act:");
  machineActionCommands(machines, context);
  machineMakingCommands(machines, context);
}

const statuses = (text: string): string => listed(text).map(oneOf(machineStatuses)).join(",");

/** Lines of evidence, the last ones; `explain` shows all. */
const shownEvidence = 5;

/** A machine as lines for people: what is known, what failed, what can be asked of it and what not. */
export function detailLines(detail: MachineDetail, now: number): string[] {
  const { inventory, failure } = detail;
  const system = [inventory?.dmi.system_vendor, inventory?.dmi.system_product].filter(Boolean).join(" ");
  const lines: (readonly [string, string])[] = [
    ["id", detail.id],
    ["hostname", detail.hostname],
    ["status", `${detail.status}${detail.locked ? ", locked" : ""}`],
    ["since", momentFrom(detail.status_since, now)],
    ...(failure === null ? [] : [["failed", failure.message] as const]),
    ...(failure?.evidence ?? []).slice(-shownEvidence).map((line) => ["evidence", line] as const),
    ...((failure?.evidence.length ?? 0) > shownEvidence
      ? [["", `all of it: rackwright explain ${detail.hostname}`] as const]
      : []),
    ...(failure === null ? [] : [["next", spoken(failure.next)] as const]),
    ...(detail.progress === null ? [] : [["doing", doing({ ...detail, failure: null })] as const]),
    ...(detail.waits_for === null ? [] : [["waits for", detail.waits_for] as const]),
    ...(detail.deadline === null ? [] : [["deadline", momentFrom(detail.deadline, now)] as const]),
    ["owner", detail.owner ?? "-"],
    ["zone", detail.zone],
    ["pool", detail.pool],
    ["tags", detail.tags.join(", ") || "-"],
    ["power", [detail.power_state, ...power(detail)].join(", ")],
    ["firmware", `${detail.firmware ?? "-"} ${inventory?.dmi.firmware_version ?? ""}`.trim()],
    ["system", system || "-"],
    ["cpu", inventory ? `${inventory.cpu.threads} × ${inventory.cpu.model ?? "unknown"}` : "-"],
    ["memory", bytes(detail.memory)],
    ["addresses", detail.addresses.join(", ") || "-"],
    ["image", detail.image === null ? "-" : `${detail.image}${detail.ephemeral ? ", in memory" : ""}`],
    ...(inventory?.disks ?? []).map(
      ({ name, size, model, serial }) =>
        ["disk", [name, diskSize(size), model, serial].filter((part) => part !== null).join("  ")] as const,
    ),
    ...(inventory?.interfaces ?? []).map(
      ({ name, mac, driver, link }) =>
        ["interface", [name, mac, driver ?? "-", link ? "link up" : "no link"].join("  ")] as const,
    ),
    ...(inventory === null ? detail.macs.map((mac) => ["interface", mac] as const) : []),
    ["can be asked", detail.actions.map(verbOf).join(", ") || "nothing now"],
    ...detail.hints.flatMap(({ action, why }) =>
      why === null ? [] : [["not now", `${verbOf(action)}: ${why}`] as const],
    ),
  ];
  return lines.map(([label, value]) => `${label.padEnd(13)} ${value}`);
}

function power({ power_driver, power_address }: Machine): string[] {
  if (power_driver === null) return ["no power driver"];
  return [[power_driver, power_address].filter((part) => part !== null).join(" ")];
}
