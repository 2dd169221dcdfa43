import { subnet } from "@rackwright/contract";
import type { Subnet } from "@rackwright/contract";
import type { ApiClient } from "./client.ts";
import { CliError } from "./errors.ts";

/** A `--dhcp` option: NETWORK=FIRST-LAST, such as 10.0.0.0/24=10.0.0.100-10.0.0.200. */
export function parseDhcpOption(text: string): { cidr: string; first: string; last: string } {
  const match = text.match(/^([0-9.]+\/[0-9]+)=([0-9.]+)-([0-9.]+)$/);
  if (!match) {
    throw new CliError(
      `--dhcp is '${text}'.`,
      "Give NETWORK=FIRST-LAST, such as 10.0.0.0/24=10.0.0.100-10.0.0.200.",
      2,
    );
  }
  return { cidr: match[1] ?? "", first: match[2] ?? "", last: match[3] ?? "" };
}

/** The DHCP option of a virtual rack's network: its addresses from .100 to .250. */
export function rangeOf(subnet: string): { cidr: string; first: string; last: string } {
  const base = subnet.split("/")[0]?.split(".").slice(0, 3).join(".") ?? "";
  return { cidr: subnet, first: `${base}.100`, last: `${base}.250` };
}

/** Lets the racks answer strangers on a subnet with addresses of one range. */
export async function serveDhcp(
  client: ApiClient,
  option: { cidr: string; first: string; last: string },
): Promise<Subnet> {
  const settings = { dhcp: true, dynamic_ranges: [{ first: option.first, last: option.last }] };
  for await (const known of client.all("/api/v1/subnets", subnet)) {
    if (known.cidr === option.cidr) return client.send("PATCH", `/api/v1/subnets/${known.id}`, settings, subnet);
  }
  return client.send("POST", "/api/v1/subnets", { cidr: option.cidr, ...settings }, subnet);
}
