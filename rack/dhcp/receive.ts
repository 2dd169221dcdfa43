import { dhcpDefect, makeFailure } from "@rackwright/contract/rack";
import {
  classifyClient,
  clientLink,
  decodeMessage,
  DhcpFormatError,
  messageTypeOf,
  Op,
  printSummary,
  readTextOption,
  type DhcpMessage,
  type MessageTypeName,
} from "@rackwright/dhcp";
import { answerDiscover } from "./discover.ts";
import { reason, type Exchange } from "./exchange.ts";
import type { Face } from "./face.ts";
import { answerDecline, answerInform, answerRelease } from "./farewell.ts";
import { createMacLimiter } from "./limits.ts";
import type { ServedSubnet } from "./mirror.ts";
import { probeVendorClass } from "./probe.ts";
import { answerRequest } from "./request.ts";
import type { DhcpWorld } from "./world.ts";

/** Takes one datagram in. Never throws and never rejects, whatever the bytes are. */
export type Receive = (bytes: Uint8Array, from: { address: string }, face: Face) => void;

const ethernet = 1;
const largestPacket = 4096;

/** The one handler behind all faces: checks, bounds, and hands over by message type. */
export function createReceive(world: DhcpWorld): Receive {
  const withinRate = createMacLimiter(world.limits);
  const working = new Set<string>();
  return (bytes, from, face) => {
    const message = decoded(world, bytes, from, face);
    if (message === undefined) return;
    const type = messageTypeOf(message.options);
    if (type === undefined || message.op !== Op.request) {
      if (message.op === Op.reply) world.foreign.sawReply(message, from.address, face);
      else world.watch.drop("unsupported", `from ${from.address} on ${face.device}: ${printSummary(message)}`);
      return;
    }
    const unfit = unfitReason(message);
    if (unfit !== undefined) {
      world.watch.drop("unsupported", `${unfit}, from ${from.address} on ${face.device}`);
      return;
    }
    // Another rack of ours looks whether foreign servers answer: it wants no address.
    if (message.mac === face.mac || readTextOption(message.options, 60) === probeVendorClass) return;
    if (!withinRate(message.mac, world.now())) {
      world.watch.drop("rate", `${message.mac} on ${face.device}`);
      return;
    }
    const key = `${message.mac} ${type}`;
    if (working.size >= world.limits.queue || working.has(key)) {
      world.watch.drop(working.has(key) ? "repeat" : "queue", `${printSummary(message)} on ${face.device}`);
      return;
    }
    working.add(key);
    answer(world, exchangeOf(world, message, type, face))
      .catch((error: unknown) => {
        const text = `DHCP: ${type} of ${message.mac} could not be answered: ${reason(error)}`;
        world.watch.emitOnce(`defect ${reason(error)}`, {
          type: "rack.problem",
          level: "error",
          mac: message.mac,
          message: text,
          data: { code: dhcpDefect.code },
          failure: makeFailure(dhcpDefect, text),
        });
      })
      .finally(() => working.delete(key));
  };
}

function decoded(world: DhcpWorld, bytes: Uint8Array, from: { address: string }, face: Face): DhcpMessage | undefined {
  try {
    if (bytes.length > largestPacket) throw new DhcpFormatError("length", `${bytes.length} bytes`);
    return decodeMessage(bytes);
  } catch (error) {
    world.watch.drop("malformed", `from ${from.address} on ${face.device}: ${reason(error)}`);
    return undefined;
  }
}

/** Why a well-formed message has no client we could answer. */
function unfitReason(message: DhcpMessage): string | undefined {
  if (message.hardwareType !== ethernet || message.hardwareLength !== 6)
    return `hardware type ${message.hardwareType} with ${message.hardwareLength} bytes, Ethernet with 6 is served`;
  if (((message.hardwareAddress[0] ?? 0) & 1) !== 0) return `${message.mac} is a group address, no station has it`;
  return message.mac === "00:00:00:00:00:00" ? "the hardware address is all zero" : undefined;
}

/** A checked message with what answering it needs. */
export function exchangeOf(world: DhcpWorld, message: DhcpMessage, type: MessageTypeName, face: Face): Exchange {
  const link = linkOf(world, message, face);
  return { message, type, mac: message.mac, face, client: classifyClient(message), link };
}

/** Answers one message by its type. */
export function answer(world: DhcpWorld, exchange: Exchange): Promise<void> {
  switch (exchange.type) {
    case "discover":
      return answerDiscover(world, exchange);
    case "request":
      return answerRequest(world, exchange);
    case "decline":
      return answerDecline(world, exchange);
    case "release":
      return answerRelease(world, exchange);
    case "inform":
      return answerInform(world, exchange);
    case "offer":
    case "ack":
    case "nak":
      world.watch.drop("unsupported", `${exchange.type} sent as a request by ${exchange.mac}`);
      return Promise.resolve();
  }
}

/** The served subnets of the client's link: the one the relay or client names, else all those of the device. */
function linkOf(world: DhcpWorld, message: DhcpMessage, face: Face): ServedSubnet[] {
  const { address } = clientLink(message);
  const addresses = address === undefined ? face.addresses.map((each) => each.address) : [address];
  const link: ServedSubnet[] = [];
  for (const each of addresses) {
    const subnet = world.mirror.subnetOf(each);
    if (subnet?.dhcp === true && !link.includes(subnet)) link.push(subnet);
  }
  return link;
}
