import type { Command } from "commander";
import { bootExplanation } from "@rackwright/contract";
import type { BootExplanation, ExplainedMessage, ExplainedStage } from "@rackwright/contract";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { findMachine } from "../find.ts";
import { bytes, table } from "../terminal.ts";
import { spoken } from "../words.ts";

type ExplainOptions = CommonOptions & {
  readonly mac?: string;
  readonly arch?: string;
  readonly client?: string;
  readonly uuid?: string;
  readonly rack?: string;
  readonly interface?: string;
  readonly relay?: string;
};

const programs = {
  pxe: "firmware over PXE",
  "uefi-http": "firmware over HTTP",
  ipxe: "iPXE",
  grub: "GRUB",
} as const;
const indent = (lines: readonly string[], by = 2): string[] => lines.map((line) => `${" ".repeat(by)}${line}`);

function messageLines(message: ExplainedMessage): string[] {
  const rows = message.options.map(({ code, name, value, hex }) => [String(code), name, value, hex || "(empty)"]);
  return [
    `DHCP${message.type.toUpperCase()} ${message.destination}`,
    `  yiaddr ${message.address}  siaddr ${message.next_server}  file ${message.file === "" ? "(none)" : message.file}`,
    ...indent(table(["option", "name", "value", "hex"], rows)),
  ];
}

function stageLines(stage: ExplainedStage, number: number): string[] {
  const { dhcp, files, program, client } = stage;
  const title = `${number}. ${programs[program]}${client === program ? "" : ` (${client})`}`;
  const about: string[] = [];
  if (dhcp === null) about.push("goes on with the DHCP answer of the program before");
  else {
    about.push(
      `comes in on ${dhcp.interface} of the rack at ${dhcp.rack_address}${dhcp.relay === null ? "" : `, through the relay ${dhcp.relay}`}`,
    );
    about.push(`served subnets there: ${dhcp.link.join(", ") || "none"}`);
    const lease = dhcp.lease_seconds === null ? "" : ` for ${dhcp.lease_seconds} s`;
    about.push(
      `address ${dhcp.address ?? "none"}${dhcp.subnet === null ? "" : ` in ${dhcp.subnet}`}${lease}: ${dhcp.source_words}`,
    );
    const answer = dhcp.answer ?? dhcp.offer;
    if (answer === null) about.push("gets no DHCP answer");
    else about.push(...messageLines(answer));
    about.push(...dhcp.problems.map((problem) => `✗ ${problem}`));
  }
  for (const file of files) {
    const size = file.size === null ? "" : ` ${bytes(file.size)}`;
    about.push(`${file.kind} ${file.url}${size}${file.sha256 === null ? "" : ` sha256 ${file.sha256}`}`);
    if (file.problem !== null) about.push(`  ✗ ${file.problem}`);
    if (file.text !== null)
      about.push(
        ...file.text
          .trimEnd()
          .split("\n")
          .map((line) => `  | ${line}`),
      );
  }
  return [title, ...indent(about, 3)];
}

/** The explanation for people: who answers, what goes over the wire, what boots, and every rule with its reason. */
export function explanationLines(told: BootExplanation): string[] {
  const { decision, machine, place } = told;
  const marks = { won: "✓", lost: "·", "not reached": " " } as const;
  const failures = [told.problem, told.failure].flatMap((failure) =>
    failure === null ? [] : [`✗ ${failure.message}`, `  next: ${spoken(failure.next)}`],
  );
  return [
    `${told.mac} would boot: ${decision.purpose}. ${decision.rule}`,
    ...failures,
    "",
    `machine   ${machine === null ? "none: a stranger" : `${machine.hostname} (${machine.id}), ${machine.status}, found by its ${machine.matched_by === "mac" ? "network card" : "UUID"}`}`,
    `firmware  ${told.arch}, asked as ${told.client}${told.uuid === null ? "" : `, UUID ${told.uuid}`}`,
    `rack      ${place === null ? "none" : `${place.rack}${place.interface === null ? "" : ` on ${place.interface}`}: ${place.why}`}`,
    "",
    "Rules, in their order:",
    ...indent(
      table(
        ["", "rule", "boots", "outcome", "why"],
        told.rules.map((rule) => [marks[rule.outcome], rule.name, rule.purpose, rule.outcome, rule.why]),
      ),
    ),
    ...(told.stages.length === 0
      ? []
      : ["", "On the wire:", ...told.stages.flatMap((stage, at) => indent(stageLines(stage, at + 1)))]),
    ...(told.files.length === 0
      ? []
      : [
          "",
          "Files it would boot:",
          ...indent(
            table(
              ["role", "image", "size", "sha256"],
              told.files.map((file) => [file.role, file.image, bytes(file.size), file.sha256]),
            ),
          ),
        ]),
    ...(told.command_line === null ? [] : ["", "Kernel command line:", `  ${told.command_line}`]),
  ];
}

/** The network card of a machine that boots first. @throws CliError where none is known or no machine is named */
async function firstCard(client: ApiClient, name: string | undefined): Promise<string> {
  if (name === undefined)
    throw new CliError("Neither a machine nor a network card is named.", "Name a machine, or a card with --mac.", 2);
  const { hostname, macs } = await findMachine(client, name);
  const [mac] = macs;
  if (mac === undefined) throw new CliError(`No network card of ${hostname} is known.`, "Name one with --mac.", 2);
  return mac;
}

/** `rackwright boot explain`: why a network card would boot what it would boot. */
export function bootCommand(program: Command, context: Context): void {
  const boot = program.command("boot").description("what machines boot, and why");
  withTarget(
    boot.command("explain [machine]").description("why would it boot that? Asks rack and region, changes nothing"),
  )
    .option("--mac <address>", "the network card that boots (default: the machine's first one)")
    .option(
      "--arch <platform>",
      "bios, x86_64-efi, arm64-efi … or the number of DHCP option 93 (default: what is on record)",
    )
    .option("--client <program>", "what asks: pxe, uefi-http, ipxe or grub", "pxe")
    .option("--uuid <uuid>", "the machine's SMBIOS UUID (default: what is on record)")
    .option("--rack <name>", "ask this rack (default: the one that saw the card last, or that serves it)")
    .option("--interface <device>", "the rack's network device the packet would come in on")
    .option("--relay <address>", "the DHCP relay agent it would come through")
    .action(async (name: string | undefined, given: ExplainOptions) => {
      const client = clientOf(context, given);
      const options = { ...given, mac: given.mac ?? (await firstCard(client, name)) };
      const query = new URLSearchParams();
      for (const name of ["mac", "arch", "client", "uuid", "rack", "interface", "relay"] as const) {
        const value = options[name];
        if (value !== undefined) query.set(name, value);
      }
      const told = await client.get(`/api/v1/boot/explain?${query.toString()}`, bootExplanation);
      if (options.json) context.terminal.print(JSON.stringify(told));
      else for (const line of explanationLines(told)) context.terminal.print(line.trimEnd());
    });
}
