import { makeFailure, regionUnreachable } from "@rackwright/contract/rack";
import type { LeaseCommitRequest } from "@rackwright/contract/rack";
import { noAddress, readAddressOption, readHostname } from "@rackwright/dhcp";
import {
  bootFor,
  give,
  leaseSecondsFor,
  namesUs,
  reason,
  refuse,
  subnetHolding,
  tell,
  type Exchange,
  type Given,
} from "./exchange.ts";
import { knownSource, type KnownAddress, type ServedSubnet } from "./mirror.ts";
import { within, type DhcpWorld } from "./world.ts";

/**
 * REQUEST → ACK or NAK (RFC 2131 4.3.2). Known leases and host entries are confirmed at once and the region hears of it
 * afterwards; a new lease is confirmed only after the region has stored it.
 */
export async function answerRequest(world: DhcpWorld, exchange: Exchange): Promise<void> {
  const { message, mac } = exchange;
  const identifier = readAddressOption(message.options, 54);
  const requested = readAddressOption(message.options, 50);
  if (identifier !== undefined && !namesUs(world, exchange, identifier)) {
    world.offers.delete(mac);
    world.foreign.sawChoice(identifier, mac, exchange.face);
    return;
  }
  if (requested === undefined && message.clientAddress === noAddress) {
    world.watch.drop("unsupported", `REQUEST of ${mac} names no address`);
    return;
  }
  // Renewing and rebinding clients name their address in ciaddr, all others in option 50 (RFC 2131 table 4).
  const renewing = message.clientAddress !== noAddress && identifier === undefined;
  const address = renewing ? message.clientAddress : (requested ?? message.clientAddress);
  tell(world, exchange, "dhcp.request", `${mac} asks for ${address}`, { address });
  const link = renewing ? renewalLink(world, exchange, address) : exchange.link;
  if (link.length === 0) return;
  const subnet = subnetHolding(link, address);
  if (subnet === undefined) {
    refuse(world, exchange, address, `${address} is not on this network`);
    return;
  }
  await confirm(world, { ...exchange, link }, address, subnet);
}

/** A renewal may come unicast over routers, without a relay: then the address itself tells the link. */
function renewalLink(world: DhcpWorld, exchange: Exchange, address: string): readonly ServedSubnet[] {
  if (exchange.message.relayAddress !== noAddress || subnetHolding(exchange.link, address) !== undefined)
    return exchange.link;
  const subnet = world.mirror.subnetOf(address);
  return subnet?.dhcp === true ? [subnet] : exchange.link;
}

async function confirm(world: DhcpWorld, exchange: Exchange, address: string, subnet: ServedSubnet): Promise<void> {
  const { mac, client, link, message } = exchange;
  const known = world.mirror.known(mac, link, world.now());
  if (known !== undefined && known.address !== address) {
    refuse(world, exchange, address, `${mac} has the address ${known.address}`);
    return;
  }
  const request: LeaseCommitRequest = {
    mac,
    subnet_id: subnet.id,
    address,
    lease_seconds: leaseSecondsFor(client),
    hostname: readHostname(message.options) ?? null,
  };
  if (known !== undefined) {
    const boot = await bootFor(world, exchange, address);
    if (boot === "unavailable") return;
    extend(world, known, request);
    const { hostname } = known;
    const source = knownSource(known);
    give(world, exchange, "ack", { address, source, subnet, leaseSeconds: request.lease_seconds, hostname }, boot);
    return;
  }
  const [given, boot] = await Promise.all([
    commit(world, exchange, request, subnet),
    bootFor(world, exchange, address),
  ]);
  if (given === undefined || boot === "unavailable") return;
  give(world, exchange, "ack", given, boot);
}

function extend(world: DhcpWorld, known: KnownAddress, request: LeaseCommitRequest): void {
  if (known.expiresAt !== Number.POSITIVE_INFINITY)
    world.mirror.remember({ ...known, expiresAt: world.now() + request.lease_seconds * 1000 });
  world.renewals.add(request);
}

async function commit(
  world: DhcpWorld,
  exchange: Exchange,
  request: LeaseCommitRequest,
  subnet: ServedSubnet,
): Promise<Given | undefined> {
  const { mac, address } = request;
  try {
    const answer = await within(world.limits.decideMilliseconds, "lease commit", world.leases.commit(request));
    world.offers.delete(mac);
    if ("refused" in answer) {
      if (answer.refused !== "unknown-subnet") refuse(world, exchange, address, answer.reason);
      return undefined;
    }
    if (answer.address !== address) {
      refuse(world, exchange, address, `${mac} has the address ${answer.address}`);
      return undefined;
    }
    const leaseSeconds = Math.min(answer.lease_seconds, request.lease_seconds);
    const expiresAt = world.now() + leaseSeconds * 1000;
    world.mirror.remember({ mac, address, subnetId: subnet.id, hostname: answer.hostname, expiresAt });
    return { address, source: "region", subnet, leaseSeconds, hostname: answer.hostname };
  } catch (error) {
    const message = `No answer to ${mac}: its lease of ${address} could not be stored (${reason(error)})`;
    world.watch.emitOnce(`commit ${mac}`, {
      type: "dhcp.refused",
      level: "warning",
      mac,
      address,
      message,
      data: { code: regionUnreachable.code, device: exchange.face.device },
      failure: makeFailure(regionUnreachable, message, [reason(error)]),
    });
    return undefined;
  }
}
