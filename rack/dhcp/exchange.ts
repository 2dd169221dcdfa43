import { bootDecisionUnavailable, makeFailure, optionsLeftOut } from "@rackwright/contract/rack";
import type { RackEventInput } from "@rackwright/contract/rack";
import {
  addressToNumber,
  buildReply,
  encodeMessage,
  largestReply,
  networkHolds,
  noAddress,
  readRelayAgent,
  replyDestination,
  type BootReply,
  type ClientClass,
  type DhcpMessage,
  type MessageTypeName,
  type ReplyDecision,
} from "@rackwright/dhcp";
import { serverIdentifier, type Face } from "./face.ts";
import type { ServedSubnet } from "./mirror.ts";
import { withHostname } from "./network-options.ts";
import { within, type DhcpWorld } from "./world.ts";

/** One packet being answered. */
export interface Exchange {
  message: DhcpMessage;
  type: MessageTypeName;
  mac: string;
  face: Face;
  client: ClientClass;
  /** The subnets on the client's link that are served; may be empty. */
  link: readonly ServedSubnet[];
}

/** How an address came to be a client's: a machine's own, a running lease, an offer of a moment ago, or the region's choice. */
export type AddressSource = "host" | "lease" | "offer" | "region";

/** An address with the subnet it lies in, ready to be answered with. */
export interface Given {
  address: string;
  source: AddressSource;
  subnet: ServedSubnet;
  leaseSeconds: number;
  hostname: string | null;
}

/** Lease length, in seconds: an installed or ephemeral system, and firmware whose address should come back soon. */
export const systemLeaseSeconds = 600;
export const firmwareLeaseSeconds = 30;

/** Firmware is what calls itself `PXE…` in option 60: its stage is over within seconds. */
export function isFirmware(client: ClientClass): boolean {
  return client.vendorClass?.startsWith("PXE") === true;
}

export function leaseSecondsFor(client: ClientClass): number {
  return isFirmware(client) ? firmwareLeaseSeconds : systemLeaseSeconds;
}

/** The subnet of the client's link that holds the address, if any does. */
export function subnetHolding(link: readonly ServedSubnet[], address: string): ServedSubnet | undefined {
  const number = addressToNumber(address);
  return link.find(({ network }) => networkHolds(network, number));
}

/** The identifier this client knows us by: what its relay wants it to see (RFC 5107), else our own address. */
export function identifierFor({ message, face }: Exchange, address: string): string {
  const override = message.options.has(82) ? readRelayAgent(message)?.serverOverride : undefined;
  return override ?? serverIdentifier(face, addressToNumber(address));
}

/** Does option 54 name us, directly or in the words of the client's relay? */
export function namesUs(world: DhcpWorld, { message }: Exchange, identifier: string): boolean {
  if (world.isOwn(identifier)) return true;
  return message.options.has(82) && readRelayAgent(message)?.serverOverride === identifier;
}

/** What the client boots; `unavailable` when that could not be found out. */
export async function bootFor(
  world: DhcpWorld,
  exchange: Exchange,
  address: string | undefined,
): Promise<BootReply | undefined | "unavailable"> {
  const { client, mac, face } = exchange;
  if (!client.netboot) return undefined;
  const rackAddress = serverIdentifier(face, addressToNumber(address ?? noAddress));
  const question = { client, mac, rackAddress, address };
  try {
    return await within(world.limits.decideMilliseconds, "boot decision", world.decideBoot(question));
  } catch (error) {
    const message = `No answer to ${mac}: what it boots is unknown (${reason(error)})`;
    world.watch.emitOnce(`boot ${mac}`, {
      type: "dhcp.refused",
      level: "warning",
      mac,
      message,
      data: { code: bootDecisionUnavailable.code, device: face.device },
      failure: makeFailure(bootDecisionUnavailable, message, [reason(error)]),
    });
    return "unavailable";
  }
}

/** Sends OFFER or ACK with an address, and tells. */
export function give(
  world: DhcpWorld,
  exchange: Exchange,
  type: "offer" | "ack",
  given: Given,
  boot: BootReply | undefined,
): void {
  const { subnet, address, source, leaseSeconds, hostname } = given;
  const network = withHostname(subnet.options, hostname);
  const decision: ReplyDecision = {
    type,
    serverIdentifier: identifierFor(exchange, address),
    yourAddress: address,
    leaseSeconds,
    network,
  };
  if (boot !== undefined) decision.boot = boot;
  if (!send(world, exchange, decision)) return;
  tell(world, exchange, `dhcp.${type}`, `${type === "offer" ? "Offered" : "Gave"} ${address} to ${exchange.mac}`, {
    address,
    subnet_id: subnet.id,
    source,
    lease_seconds: leaseSeconds,
    ...(boot?.bootFile === undefined ? {} : { boot_file: boot.bootFile }),
  });
}

/** Refuses an address the client wants to use (RFC 2131 4.3.2): it starts over. */
export function refuse(world: DhcpWorld, exchange: Exchange, address: string, why: string): void {
  const identifier = identifierFor(exchange, address);
  if (!send(world, exchange, { type: "nak", serverIdentifier: identifier, message: why })) return;
  tell(world, exchange, "dhcp.nak", `Refused ${address} to ${exchange.mac}: ${why}`, { address, reason: why });
}

/** Encodes and sends an answer; false when it could not be sent, which is then counted. */
export function send(world: DhcpWorld, { message, face }: Exchange, decision: ReplyDecision): boolean {
  const reply = buildReply(message, decision);
  const { bytes, dropped } = encodeMessage(reply, largestReply(message));
  if (dropped.length > 0) {
    const text = `Options ${dropped.join(", ")} did not fit into the ${largestReply(message)} bytes ${message.mac} takes`;
    world.watch.emitOnce(`room ${message.mac}`, {
      type: "dhcp.refused",
      level: "warning",
      mac: message.mac,
      message: text,
      data: { code: optionsLeftOut.code, options: dropped },
      failure: makeFailure(optionsLeftOut, text, [`options left out: ${dropped.join(", ")}`]),
    });
  }
  const source = serverIdentifier(face, addressToNumber(reply.yourAddress));
  const failed = face.send(bytes, replyDestination(message, reply), source, message);
  if (failed !== undefined) world.watch.drop("send-failed", failed.message);
  return failed === undefined;
}

/** An event about this client, with what every step shows. */
export function tell(
  world: DhcpWorld,
  { mac, message, face, client }: Exchange,
  type: RackEventInput["type"],
  text: string,
  data: Record<string, unknown> & { address?: string } = {},
): void {
  world.watch.emit({
    type,
    level: "info",
    mac,
    address: data.address ?? null,
    message: text,
    data: {
      ...data,
      device: face.device,
      client: client.kind,
      ...(client.architectureCode === undefined ? {} : { architecture_code: client.architectureCode }),
      ...(client.guid === undefined ? {} : { uuid: client.guid }),
      ...(message.relayAddress === noAddress ? {} : { relay: message.relayAddress }),
      transaction: message.transactionId,
    },
  });
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
