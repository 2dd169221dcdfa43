import { z } from "zod";
import {
  type Seen,
  clearDiscoveries,
  clearDiscovery,
  listDiscoveries,
  readDiscovery,
  refuseScan,
} from "../discoveries/discoveries.ts";
import { InputError, NotFound } from "../errors.ts";
import { callerOf, localTime, matching } from "./common.ts";
import { Gone } from "./gone.ts";
import { byCaller } from "./machine-call.ts";
import { cidr, ip, mac } from "./network-parameters.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, integer } from "./parameters.ts";

const nothing = z.object({});

const render = ({ id, address, mac, hostname, fabric, vid, last_seen, observer }: Seen): object => ({
  discovery_id: id,
  ip: address,
  mac_address: mac,
  // Nothing here knows which maker a prefix of addresses belongs to.
  mac_organization: null,
  hostname,
  fabric_name: fabric,
  vid,
  last_seen: localTime(last_seen),
  // Interfaces of racks have no numbers.
  observer: observer && { ...observer, interface_id: null },
  resource_uri: `/MAAS/api/2.0/discovery/${id}/`,
});

const list = (title: string, which: (one: Seen) => boolean) =>
  operation({
    access: "user",
    title,
    parameters: nothing,
    run: async (call: Call) => {
      const all = await listDiscoveries(call.db, callerOf(call));
      return { json: all.filter(which).map(render) };
    },
  });

const discoveries: Resource = {
  handler: "DiscoveriesHandler",
  path: "discovery/",
  doc: "Discoveries: cards that were seen with an address on our networks.",
  operations: {
    GET: list("Lists what was seen.", () => true),
    "GET by_unknown_mac": list("Lists cards of no machine or device.", ({ known_mac }) => !known_mac),
    "GET by_unknown_ip": list("Lists addresses of no machine or device.", ({ known_address }) => !known_address),
    "GET by_unknown_ip_and_mac": list(
      "Lists cards of no machine or device with addresses of none.",
      ({ known_mac, known_address }) => !known_mac && !known_address,
    ),
    "POST clear": operation({
      access: "admin",
      title: "Forgets what was seen until now.",
      parameters: z.object({
        mdns: flag("Names that were announced: there are none.").default(false),
        neighbours: flag("Cards that were seen.").default(false),
        all: flag("Everything.").default(false),
      }),
      errors: "text",
      run: async (call, { mdns, neighbours, all }) => {
        if (!mdns && !neighbours && !all) throw new InputError("One of these must be true: mdns, neighbours, all.");
        if (neighbours || all) await clearDiscoveries(call.db, byCaller(call));
        return { status: 204 };
      },
    }),
    "POST clear_by_mac_and_ip": operation({
      access: "admin",
      title: "Forgets a card with an address.",
      parameters: z.object({ ip: ip("The address."), mac: mac("The MAC address.") }),
      errors: "text",
      run: async (call, { ip: address, mac: card }) => {
        await clearDiscovery(call.db, { address, mac: card }, byCaller(call)).catch((error: unknown) => {
          throw error instanceof NotFound ? new Gone("There is no such discovery (any more).") : error;
        });
        return { status: 204 };
      },
    }),
    "POST scan": operation({
      access: "user",
      title: "Looks for neighbours on networks: refused, racks only see what comes to them.",
      parameters: z.object({
        cidr: z
          .array(cidr("A network."))
          .max(1000)
          .default([])
          .describe("Networks.")
          .meta({ type: "String", list: true }),
        force: flag("Scan all networks.").default(false),
        always_use_ping: flag("Without meaning here.").optional(),
        slow: flag("Without meaning here.").optional(),
        threads: integer("Without meaning here.", { least: 1, most: 1000 }).optional(),
      }),
      errors: "text",
      run: async (_call, { cidr: networks, force }) => {
        if (networks.length === 0 && !force)
          throw new InputError("Scanning all subnets is not allowed unless force=True is specified.");
        return refuseScan();
      },
    }),
  },
};

const discovery: Resource = {
  handler: "DiscoveryHandler",
  path: "discovery/{discovery_id}/",
  doc: "One card that was seen with an address.",
  operations: {
    GET: operation({
      access: "user",
      title: "Reads what was seen.",
      parameters: nothing,
      run: async (call) => {
        const id = call.path["discovery_id"] ?? "";
        return { json: render(await matching("Discovery", readDiscovery(call.db, callerOf(call), id))) };
      },
    }),
  },
};

export const discoveryResources: readonly Resource[] = [discoveries, discovery];
