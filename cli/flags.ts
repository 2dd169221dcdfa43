import type { Command } from "commander";
import { commonHeading } from "./context.ts";

/** Options and arguments that are called otherwise than the fields they stand for. */
const otherwise: Readonly<Record<string, string>> = {
  dns_servers: "--dns",
  ntp_servers: "--ntp",
  dynamic_ranges: "--range",
  vlan_id: "--vlan",
  macs: "--mac",
  architecture: "--arch",
  grants: "--role",
  definition: "--filter",
  cidr: "<network>",
  add: "<username>",
  remove: "<username>",
  id_path: "--path",
  commissioning_scripts: "--scripts",
  testing_scripts: "--tests",
  commissioning_parameters: "--parameter",
  testing_parameters: "--test-parameter",
  partition_table_type: "--partition-table",
  id: "<link>",
  link_id: "<link>",
  zone: "--to",
  pool: "--to",
};

/** Fields of the API, and what stands for them in a command: its options, and its arguments in angle brackets. */
export function flagsOf(command: Command): Record<string, string> {
  const field = (name: string): string => name.replaceAll("-", "_");
  const options = command.options
    .filter(({ long, helpGroupHeading }) => long !== undefined && helpGroupHeading !== commonHeading)
    .map(({ long }) => long ?? "");
  const words = command.registeredArguments.map((one) => one.name());
  const there = new Set([...options, ...words.map((word) => `<${word}>`)]);
  return {
    ...Object.fromEntries(Object.entries(otherwise).filter(([, flag]) => there.has(flag))),
    ...Object.fromEntries(words.map((word) => [field(word), `<${word}>`])),
    ...Object.fromEntries(options.map((option) => [field(option.slice(2)), option])),
  };
}
