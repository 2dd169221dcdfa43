import { foreignDhcpServer, makeFailure } from "@rackwright/contract/rack";
import type { RackEventInput } from "@rackwright/contract/rack";
import { messageTypeOf, readAddressOption, type DhcpMessage } from "@rackwright/dhcp";
import type { Face } from "./face.ts";

/** Watches for DHCP servers on the wire that are none of ours. */
export interface ForeignServers {
  /** A client chose another server (option 54 of its REQUEST). */
  sawChoice: (server: string, client: string, face: Face) => void;
  /** A server's message was received. */
  sawReply: (reply: DhcpMessage, from: string, face: Face) => void;
  /** Foreign servers seen, by address, with the time of the last sighting in milliseconds. */
  seen: () => ReadonlyMap<string, number>;
}

/** What the watch needs of the world. */
export interface ForeignWorld {
  now: () => number;
  emit: (event: RackEventInput) => void;
  /** Is it one of this rack's addresses, or another rack's of the same region? */
  isOurs: (address: string) => boolean;
  /** The hardware address behind an IP address on a device, where it can be found out. */
  findMac: (device: string, address: string) => Promise<string | undefined>;
}

const tellAgainMilliseconds = 10 * 60_000;
const mostServers = 256;

export function createForeignServers(world: ForeignWorld): ForeignServers {
  const seen = new Map<string, number>();
  const told = new Map<string, number>();
  const sighting = (address: string, face: Face, evidence: string): void => {
    if (world.isOurs(address) || (!seen.has(address) && seen.size >= mostServers)) return;
    const now = world.now();
    seen.set(address, now);
    const name = `${face.device} ${address}`;
    if (now - (told.get(name) ?? Number.NEGATIVE_INFINITY) < tellAgainMilliseconds) return;
    told.set(name, now);
    void tell(world, address, face, evidence);
  };
  return {
    sawChoice: (server, client, face) =>
      sighting(server, face, `REQUEST of ${client} names the server ${server} (option 54)`),
    sawReply(reply, from, face) {
      const server = readAddressOption(reply.options, 54) ?? from;
      const type = messageTypeOf(reply.options)?.toUpperCase() ?? "answer";
      if (!world.isOurs(from)) sighting(server, face, `${type} from ${from} of ${reply.yourAddress} to ${reply.mac}`);
    },
    seen: () => seen,
  };
}

async function tell(world: ForeignWorld, address: string, face: Face, evidence: string): Promise<void> {
  const mac = await world.findMac(face.device, address).catch(() => undefined);
  const who = mac === undefined ? address : `${address} (${mac})`;
  world.emit({
    type: "network.problem",
    level: "warning",
    address,
    message: `Another DHCP server, ${who}, answers on ${face.device}`,
    data: { code: foreignDhcpServer.code, address, mac: mac ?? null, device: face.device },
    failure: makeFailure(
      foreignDhcpServer,
      `A DHCP server that is not Rackwright's, ${who}, answers on ${face.device}: machines may get an address and a boot file from it instead.`,
      [evidence],
      `Turn the server at ${address} off for this network, or turn DHCP off for the subnet here and let that server name the rack as next-server.`,
    ),
  });
}
