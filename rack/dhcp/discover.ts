import {
  makeFailure,
  noDynamicRange,
  noSubnet,
  regionUnreachable,
  type Cause,
  unknownSubnet,
} from "@rackwright/contract/rack";
import type { LeaseOfferRequest } from "@rackwright/contract/rack";
import { readAddressOption, readHostname } from "@rackwright/dhcp";
import {
  bootFor,
  give,
  isFirmware,
  leaseSecondsFor,
  reason,
  subnetHolding,
  tell,
  type Exchange,
  type Given,
} from "./exchange.ts";
import { knownSource } from "./mirror.ts";
import { within, type DhcpWorld } from "./world.ts";
import { refusals } from "./refusals.ts";

const mostOffers = 65_536;

/** DISCOVER → OFFER (RFC 2131 4.3.1): the client's own address from memory, else one from the region. */
export async function answerDiscover(world: DhcpWorld, exchange: Exchange): Promise<void> {
  tell(world, exchange, "dhcp.discover", `${exchange.mac} looks for a DHCP server`);
  if (exchange.link.length === 0) {
    const { device } = exchange.face;
    const relay = exchange.message.relayAddress;
    const message = `No answer to ${exchange.mac}: no subnet with DHCP is on its link (device ${device}, relay ${relay})`;
    world.watch.emitOnce(`link ${device} ${relay}`, {
      type: "dhcp.refused",
      level: "info",
      mac: exchange.mac,
      message,
      data: { code: noSubnet.code, device, relay },
      failure: makeFailure(noSubnet, message, [`DHCPDISCOVER from ${exchange.mac} on ${device}, relay ${relay}`]),
    });
    return;
  }
  const given = fromMemory(world, exchange) ?? (await fromRegion(world, exchange));
  if (given === undefined) return;
  const boot = await bootFor(world, exchange, given.address);
  if (boot === "unavailable") return;
  give(world, exchange, "offer", given, boot);
}

function fromMemory(world: DhcpWorld, { mac, link, client }: Exchange): Given | undefined {
  const now = world.now();
  const own = world.mirror.known(mac, link, now);
  const offered = own === undefined ? world.offers.get(mac) : undefined;
  const known = own ?? (offered !== undefined && offered.expiresAt > now ? offered : undefined);
  const subnet = link.find(({ id }) => id === known?.subnetId);
  if (known === undefined || subnet === undefined) return undefined;
  const source = own === undefined ? "offer" : knownSource(own);
  return { address: known.address, source, subnet, leaseSeconds: leaseSecondsFor(client), hostname: known.hostname };
}

async function fromRegion(world: DhcpWorld, exchange: Exchange): Promise<Given | undefined> {
  const { mac, link, message, client } = exchange;
  const subnet = link.find(({ dynamic }) => dynamic);
  if (subnet === undefined) {
    refused(world, exchange, noDynamicRange, `no dynamic range on ${link.map(({ cidr }) => cidr).join(", ")}`);
    return undefined;
  }
  const wanted = readAddressOption(message.options, 50) ?? world.mirror.last(mac, subnet.id)?.address;
  const request: LeaseOfferRequest = {
    mac,
    subnet_id: subnet.id,
    requested: wanted !== undefined && subnetHolding(link, wanted) !== undefined ? wanted : null,
    hostname: readHostname(message.options) ?? null,
    firmware: isFirmware(client),
  };
  try {
    const answer = await within(world.limits.decideMilliseconds, "lease offer", world.leases.offer(request));
    if ("refused" in answer) {
      refused(world, exchange, refusals[answer.refused], answer.reason);
      return undefined;
    }
    const where = subnetHolding(link, answer.address);
    if (where === undefined) {
      refused(world, exchange, unknownSubnet, `${answer.address} is not on the link of the client`);
      return undefined;
    }
    const { address, hostname } = answer;
    if (world.offers.size < mostOffers) {
      const expiresAt = world.now() + world.limits.offerMilliseconds;
      world.offers.set(mac, { mac, address, subnetId: where.id, hostname, expiresAt });
    }
    const leaseSeconds = Math.min(answer.lease_seconds, leaseSecondsFor(client));
    return { address, source: "region", subnet: where, leaseSeconds, hostname };
  } catch (error) {
    refused(world, exchange, regionUnreachable, reason(error));
    return undefined;
  }
}

function refused(world: DhcpWorld, { mac, face }: Exchange, cause: Cause, why: string): void {
  const message = `No address for ${mac}: ${why}`;
  world.watch.emitOnce(`${cause.code} ${mac}`, {
    type: "dhcp.refused",
    level: "warning",
    mac,
    message,
    data: { code: cause.code, device: face.device },
    failure: makeFailure(cause, message, [`DHCPDISCOVER from ${mac} on ${face.device}`]),
  });
}
