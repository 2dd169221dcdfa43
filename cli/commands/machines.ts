import type { Command } from "commander";
import { machine, machineDetail } from "@rackwright/contract";
import type { Machine } from "@rackwright/contract";
import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { bytes, table } from "../terminal.ts";

/** Finds a machine by system id, hostname or MAC address. */
export async function findMachine(client: ApiClient, name: string): Promise<Machine> {
  for await (const candidate of client.all("/api/v1/machines?limit=1000", machine)) {
    if (candidate.id === name || candidate.hostname === name || candidate.macs.includes(name.toLowerCase()))
      return candidate;
  }
  throw new CliError(
    `There is no machine '${name}'.`,
    "See 'rackwright machines list'; a system id, hostname or MAC address names one.",
    2,
  );
}

function row(entry: Machine): string[] {
  const step = entry.progress
    ? `${entry.progress.title}${entry.progress.percent === null ? "" : ` ${Math.round(entry.progress.percent)}%`}`
    : "";
  const told = entry.failure?.message ?? (step || (entry.waits_for ?? ""));
  return [
    entry.id,
    entry.hostname,
    entry.status,
    entry.power_state,
    String(entry.cpu_count ?? "-"),
    bytes(entry.memory),
    bytes(entry.storage),
    entry.addresses.join(",") || "-",
    told,
  ];
}

const header = ["id", "hostname", "status", "power", "cpus", "memory", "disks", "address", "now"];

function show(context: Context, json: boolean | undefined, machines: readonly Machine[]): void {
  if (json) context.terminal.print(JSON.stringify(machines));
  else for (const line of table(header, machines.map(row))) context.terminal.print(line);
}

/** `rackwright machines …`: list, look at and act on machines. */
export function machinesCommand(program: Command, context: Context): void {
  const machines = program.command("machines").description("list, look at and act on machines");

  withTarget(machines.command("list").description("machines with their status"))
    .option("--status <status>", "only machines in this status")
    .option("--search <text>", "only machines whose hostname, id or MAC contains this")
    .option("--limit <count>", "at most this many", "1000")
    .action(async (options: CommonOptions & { status?: string; search?: string; limit: string }) => {
      const query = new URLSearchParams({ limit: String(Math.min(1000, Number(options.limit) || 1000)) });
      if (options.status) query.set("status", options.status);
      if (options.search) query.set("q", options.search);
      const found: Machine[] = [];
      for await (const entry of clientOf(context, options).all(`/api/v1/machines?${query.toString()}`, machine)) {
        if (found.push(entry) >= Number(options.limit)) break;
      }
      show(context, options.json, found);
    });

  withTarget(machines.command("show <machine>").description("everything known of one machine")).action(
    async (name: string, options: CommonOptions) => {
      const client = clientOf(context, options);
      const { id } = await findMachine(client, name);
      const detail = await client.get(`/api/v1/machines/${id}`, machineDetail);
      if (options.json) return context.terminal.print(JSON.stringify(detail));
      const inventory = detail.inventory;
      const lines = [
        ["id", detail.id],
        ["hostname", detail.hostname],
        ["status", detail.status],
        ["since", detail.status_since],
        ["waits for", detail.waits_for ?? "-"],
        ["deadline", detail.deadline ?? "-"],
        ["owner", detail.owner ?? "-"],
        ["power", `${detail.power_state} (${detail.power_driver ?? "no driver"} ${detail.power_address ?? ""})`],
        ["firmware", `${detail.firmware ?? "-"} ${inventory?.dmi.firmware_version ?? ""}`.trim()],
        ["system", [inventory?.dmi.system_vendor, inventory?.dmi.system_product].filter(Boolean).join(" ") || "-"],
        ["cpu", inventory ? `${inventory.cpu.threads} × ${inventory.cpu.model ?? "unknown"}` : "-"],
        ["memory", bytes(detail.memory)],
        ["addresses", detail.addresses.join(", ") || "-"],
        ["image", detail.image ?? "-"],
        ["may be asked", detail.actions.join(", ") || "nothing"],
        ...(inventory?.disks ?? []).map((disk) => [
          "disk",
          `${disk.name} ${bytes(disk.size)} ${disk.model ?? ""} ${disk.serial ?? ""}`.trim(),
        ]),
        ...(inventory?.interfaces ?? []).map((card) => [
          "interface",
          `${card.name} ${card.mac} ${card.driver ?? ""} ${card.link ? "link up" : "no link"}`,
        ]),
        ...(detail.failure
          ? [
              ["failed", detail.failure.message],
              ...detail.failure.evidence.map((line) => ["evidence", line]),
              ["next", detail.failure.next],
            ]
          : []),
      ];
      for (const [label, value] of lines) context.terminal.print(`${(label ?? "").padEnd(13)} ${value ?? ""}`);
    },
  );

  const act = (verb: string, description: string, argument = ""): Command =>
    withTarget(machines.command(`${verb} <machine>${argument}`).description(description));
  const perform = async (
    options: CommonOptions,
    name: string,
    path: (id: string) => string,
    body: unknown,
  ): Promise<void> => {
    const client = clientOf(context, options);
    const { id } = await findMachine(client, name);
    await client.send("POST", path(id), body, z.unknown());
    show(context, options.json, [await client.get(`/api/v1/machines/${id}`, machine)]);
  };

  act("commission", "take inventory of a machine and set up its BMC").action((name: string, options: CommonOptions) =>
    perform(options, name, (id) => `/api/v1/machines/${id}/commission`, {}),
  );
  act("allocate", "reserve a machine for yourself").action(async (name: string, options: CommonOptions) => {
    const client = clientOf(context, options);
    const { id } = await findMachine(client, name);
    show(context, options.json, [await client.send("POST", "/api/v1/machines/allocate", { id }, machine)]);
  });
  act("deploy", "put an operating system on an allocated machine")
    .option("--image <name>", "image to deploy", "debian-12")
    .action((name: string, options: CommonOptions & { image: string }) =>
      perform(options, name, (id) => `/api/v1/machines/${id}/deploy`, { image: options.image }),
    );
  act("release", "give a machine back to the pool").action((name: string, options: CommonOptions) =>
    perform(options, name, (id) => `/api/v1/machines/${id}/release`, {}),
  );
  act("abort", "end what a machine is doing").action((name: string, options: CommonOptions) =>
    perform(options, name, (id) => `/api/v1/machines/${id}/abort`, {}),
  );
  act("power", "ask a machine's BMC: on, off, cycle or query", " <action>").action(
    (name: string, action: string, options: CommonOptions) => {
      if (!["on", "off", "cycle", "query"].includes(action)) {
        throw new CliError(`'${action}' is not a power action.`, "Use on, off, cycle or query.", 2);
      }
      return perform(options, name, (id) => `/api/v1/machines/${id}/power/${action}`, {});
    },
  );
}
