import { lease, nearest, subnet } from "@rackwright/contract";
import type { Subnet } from "@rackwright/contract";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { z } from "zod";
import { apiDocument } from "../api/document.ts";
import { identify } from "../api/find.ts";
import type { ApiClient } from "../client.ts";
import { clientOf, withTarget } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { type Listing, emptyOf, listingPath, withListing } from "../listing.ts";
import { listed } from "../options.ts";
import { showList } from "../terminal.ts";
import { moment } from "../words.ts";

type Fields = CommonOptions & {
  gateway?: string;
  dns?: string[];
  ntp?: string[];
  mtu?: number | null;
  dhcp?: boolean;
  name?: string;
  description?: string;
  vlan?: string;
  managed?: boolean;
  range?: { first: string; last: string }[];
};

function range(text: string, before: { first: string; last: string }[] = []): { first: string; last: string }[] {
  const [, first, last] = /^([0-9.]+)-([0-9.]+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined)
    throw new InvalidArgumentError("It must have the form FIRST-LAST, such as 10.0.0.100-10.0.0.200.");
  return [...before, { first, last }];
}

function mtu(text: string): number | null {
  if (text === "none") return null;
  if (!/^[0-9]{3,5}$/.test(text)) throw new InvalidArgumentError("It must be a number of bytes, or 'none'.");
  return Number(text);
}

function withFields(command: Command): Command {
  return withTarget(command)
    .option("--dhcp", "answer machines on it, also strangers where it has a range")
    .option("--no-dhcp", "do not answer machines on it")
    .option("--range <first-last>", "addresses for strangers; may be repeated, all replace the former ones", range)
    .option("--gateway <address>", "its router, or 'none'")
    .option("--dns <addresses>", "DNS servers with commas between", listed)
    .option("--ntp <addresses>", "NTP servers with commas between", listed)
    .option("--mtu <bytes>", "its MTU, or 'none'", mtu)
    .option("--name <name>", "its name; by default the network")
    .option("--description <text>", "what it is for")
    .option("--vlan <vlan>", "VLAN it is in, such as fabric-0:20")
    .option("--managed", "addresses are picked outside its reserved ranges")
    .option("--no-managed", "addresses are picked from its reserved ranges only");
}

const bodyOf = ({
  gateway,
  dns,
  ntp,
  mtu: size,
  dhcp,
  range: ranges,
  name,
  description,
  managed,
}: Fields): Record<string, unknown> => ({
  ...(gateway !== undefined && { gateway: gateway === "none" ? null : gateway }),
  ...(dns !== undefined && { dns_servers: dns }),
  ...(ntp !== undefined && { ntp_servers: ntp }),
  ...(size !== undefined && { mtu: size }),
  ...(dhcp !== undefined && { dhcp }),
  ...(ranges !== undefined && { dynamic_ranges: ranges }),
  ...(name !== undefined && { name }),
  ...(description !== undefined && { description }),
  ...(managed !== undefined && { managed }),
});

/** What is asked for, with the VLAN by its number. */
async function requestOf(client: ApiClient, options: Fields): Promise<Record<string, unknown>> {
  if (options.vlan === undefined) return bodyOf(options);
  const collection = "/api/v1/vlans";
  const named = { parameter: "id", argument: "vlan", collection };
  const id = await identify(client, apiDocument(), named, collection, options.vlan);
  return { ...bodyOf(options), vlan_id: Number(id) };
}

const listAll = (client: ApiClient, wanted: Listing = {}): Promise<Subnet[]> =>
  Array.fromAsync(client.all(listingPath("/api/v1/subnets", wanted), subnet));

/** The subnet a network such as 10.0.0.0/24, or a number, means. */
async function find(client: ApiClient, name: string): Promise<Subnet> {
  const known = await listAll(client);
  const found = known.find((one) => one.cidr === name || String(one.id) === name || one.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    known.map(({ cidr }) => cidr),
  );
  throw new CliError(
    `There is no subnet '${name}'.`,
    `${near === undefined ? "" : `Did you mean ${near}? `}See 'rackwright subnets list'.`,
    2,
  );
}

/** `rackwright subnets …`: the networks machines are on, what DHCP answers there, and the addresses given out. */
export function subnetsCommand(program: Command, context: Context): void {
  const subnets = program.command("subnets").description("networks machines are on, and what DHCP answers there");
  const print = (line: string): void => context.terminal.print(line);
  const show = (options: CommonOptions & Listing, all: readonly Subnet[]): void => {
    if (options.json) return print(JSON.stringify(all));
    const rows = all.map((one) => [
      one.cidr,
      one.dhcp ? "on" : "off",
      one.dynamic_ranges.map(({ first, last }) => `${first}-${last}`).join(" ") || "-",
      one.gateway ?? "-",
      one.dns_servers.join(" ") || "-",
    ]);
    const empty = "No subnet yet: racks tell theirs, 'rackwright subnets create' makes others known.";
    showList(context.terminal, ["subnet", "dhcp", "for strangers", "gateway", "dns"], rows, emptyOf(options, empty));
  };

  const list = subnets.command("list").description("subnets, those of the racks' interfaces and those made by hand");
  withTarget(withListing(list)).action(async (options: CommonOptions & Listing) =>
    show(options, await listAll(clientOf(context, options), options)),
  );
  withFields(subnets.command("create <network>").description("make a subnet known, such as 10.0.0.0/24")).action(
    async (cidr: string, options: Fields) => {
      const client = clientOf(context, options);
      const body = { cidr, ...(await requestOf(client, options)) };
      show(options, [await client.send("POST", "/api/v1/subnets", body, subnet)]);
    },
  );
  withFields(subnets.command("update <network>").description("change a subnet")).action(
    async (name: string, options: Fields) => {
      const client = clientOf(context, options);
      const body = await requestOf(client, options);
      if (Object.keys(body).length === 0)
        throw new CliError("Nothing is given to change.", "See --help of this command.", 2);
      const { id } = await find(client, name);
      show(options, [await client.send("PATCH", `/api/v1/subnets/${id}`, body, subnet)]);
    },
  );
  withTarget(subnets.command("delete <network>").description("forget a subnet")).action(
    async (name: string, options: CommonOptions) => {
      const client = clientOf(context, options);
      const { id, cidr } = await find(client, name);
      await client.send("DELETE", `/api/v1/subnets/${id}`, undefined, z.unknown());
      if (!options.json) print(`${cidr} is deleted.`);
    },
  );
  withTarget(withListing(subnets.command("leases [network]").description("addresses DHCP gave out"))).action(
    async (name: string | undefined, options: CommonOptions & Listing) => {
      const client = clientOf(context, options);
      const within = name === undefined ? {} : { subnet_id: String((await find(client, name)).id) };
      const found = await Array.fromAsync(client.all(listingPath("/api/v1/leases", options, within), lease));
      if (options.json) return print(JSON.stringify(found));
      const rows = found.map((one) => [one.address, one.mac, one.hostname ?? "-", moment(one.expires_at)]);
      showList(
        context.terminal,
        ["address", "mac", "hostname", "until"],
        rows,
        emptyOf(options, "No address is given out."),
      );
    },
  );
}
