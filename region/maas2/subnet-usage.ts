import { z } from "zod";
import { type Holder, listHoldings } from "../networks/address-book.ts";
import { findOne } from "../networks/find.ts";
import { printIp, type Span } from "../networks/ip.ts";
import { suggest } from "../networks/suggest.ts";
import { isFree, readUsage, sizeOf, type Stretch, type Usage } from "../networks/usage.ts";
import { callerOf } from "./common.ts";
import { eventTime } from "./events.ts";
import { allocationTypes, nodeTypes } from "./allocation-types.ts";
import { type Call, type Operation, operation } from "./operation.ts";
import { flag } from "./parameters.ts";

const nothing = z.object({});

const usageOf = async (call: Call): Promise<Usage> =>
  readUsage(call.db, await findOne(call.db, "subnet", call.path["id"] ?? ""), call.clock.now());

const text = ({ network: { version } }: Usage, value: bigint): string => printIp({ version, value });

const span = (usage: Usage, { first, last }: Span) => ({
  start: text(usage, first),
  end: text(usage, last),
  num_addresses: Number(sizeOf({ first, last })),
});
const stretch = (usage: Usage, one: Stretch) => ({
  ...span(usage, one),
  purpose: isFree(one) ? ["unused"] : [...one.purposes],
});

const statistics = z.object({
  include_ranges: flag("Tell every range too.").default(false),
  include_suggestions: flag("Suggest a gateway and a dynamic range too.").default(false),
});

function statisticsOf(usage: Usage, asked: z.output<typeof statistics>): object {
  const { free, used, total, largestFree, whole, network } = usage;
  const share = Number(used) / Number(total);
  const percent = Math.round(share * 100);
  const { gateway, dynamicRange } = suggest(usage);
  return {
    num_available: Number(free),
    largest_available: Number(largestFree),
    num_unavailable: Number(used),
    total_addresses: Number(total),
    usage: share,
    usage_string: `${percent}%`,
    available_string: `${100 - percent}%`,
    first_address: text(usage, whole.first),
    last_address: text(usage, whole.last),
    ip_version: network.version,
    ...(asked.include_ranges && { ranges: usage.stretches.map((one) => stretch(usage, one)) }),
    ...(asked.include_suggestions && {
      suggested_gateway: gateway === null ? null : text(usage, gateway),
      suggested_dynamic_range:
        dynamicRange === null ? null : { ...span(usage, dynamicRange), purpose: ["proposed-dynamic"] },
    }),
  };
}

const withParts = z.object({
  with_username: flag("Tell which user set an address aside.").default(true),
  with_summary: flag("Tell the machines, devices and racks that have addresses.").default(true),
  with_node_summary: flag("The same as with_summary.").optional(),
});

async function addressesOf(call: Call, asked: z.output<typeof withParts>): Promise<object[]> {
  const subnetId = await findOne(call.db, "subnet", call.path["id"] ?? "");
  const rows = await listHoldings(call.db, callerOf(call), call.clock.now(), { subnetId });
  const withNodes = asked.with_node_summary ?? asked.with_summary;
  return rows.map(({ address, kind, created_at, updated_at, owner, node, names }) => {
    return {
      ip: address,
      alloc_type: allocationTypes[kind].number,
      created: eventTime(created_at),
      updated: eventTime(updated_at),
      ...(asked.with_username && owner !== null && { user: owner }),
      ...(withNodes && node !== null && { node_summary: summaryOf(node) }),
      ...(withNodes && names.length > 0 && { dns_records: names }),
    };
  });
}

const summaryOf = ({ kind, ...node }: Holder): object => ({ ...node, node_type: nodeTypes[kind] });

/** What can be asked of a subnet beside itself. */
export const usageOperations: Readonly<Record<string, Operation>> = {
  "GET reserved_ip_ranges": operation({
    access: "user",
    title: "Lists addresses of the subnet that are in use, and what for.",
    parameters: nothing,
    run: async (call) => {
      const usage = await usageOf(call);
      return { json: usage.stretches.filter((one) => !isFree(one)).map((one) => stretch(usage, one)) };
    },
  }),
  "GET unreserved_ip_ranges": operation({
    access: "user",
    title: "Lists addresses of the subnet that are free.",
    parameters: nothing,
    run: async (call) => {
      const usage = await usageOf(call);
      return { json: usage.stretches.filter(isFree).map((one) => span(usage, one)) };
    },
  }),
  "GET statistics": operation({
    access: "user",
    title: "Tells how many addresses of the subnet are in use.",
    parameters: statistics,
    run: async (call, asked) => ({ json: statisticsOf(await usageOf(call), asked) }),
  }),
  "GET ip_addresses": operation({
    access: "user",
    title: "Lists addresses of the subnet that somebody has.",
    parameters: withParts,
    run: async (call, asked) => ({ json: await addressesOf(call, asked) }),
  }),
};
