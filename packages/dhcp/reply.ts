import { addressesValue, readU16Option, textValue, u32Value, u8Value } from "./option-values.ts";
import { broadcastFlag, MessageType, noAddress, Op, type DhcpMessage, type Options } from "./message.ts";
import { addBootOptions, type BootReply } from "./boot-reply.ts";

/** What was decided about a request; `buildReply` turns it into a message. */
export interface ReplyDecision {
  type: "offer" | "ack" | "nak";
  serverIdentifier: string;
  /** The address given; absent in a NAK and in the answer to an INFORM. */
  yourAddress?: string;
  /** Seconds; absent in a NAK and in the answer to an INFORM (RFC 2131 4.3.5). */
  leaseSeconds?: number;
  /** What the client's network is like: mask, router, name servers … */
  network?: Options;
  boot?: BootReply;
  /** Why not (option 56), for a NAK. */
  message?: string;
}

/** Network options sent even when the parameter list (55) leaves them out: without these a client is not on the net. */
const alwaysSent = new Set([1, 3, 6, 12, 15, 28]);

/**
 * The answer to a request (RFC 2131 table 3). Network options are those the client asked for (option 55) and the few
 * that are always sent; options 82 (RFC 3046 2.2), 97 (RFC 4578 2.3) and 61 (RFC 6842 3) are echoed as they came.
 */
export function buildReply(request: DhcpMessage, decision: ReplyDecision): DhcpMessage {
  const options: Options = new Map();
  const nak = decision.type === "nak";
  const relayed = request.relayAddress !== noAddress;
  options.set(53, u8Value(MessageType[decision.type]));
  options.set(54, addressesValue(decision.serverIdentifier));
  if (decision.leaseSeconds !== undefined) addTimes(options, decision.leaseSeconds);
  if (decision.message !== undefined) options.set(56, textValue(decision.message.slice(0, 255)));
  const reply: DhcpMessage = {
    op: Op.reply,
    hardwareType: request.hardwareType,
    hardwareLength: request.hardwareLength,
    hops: 0,
    transactionId: request.transactionId,
    seconds: 0,
    // A relay must broadcast a NAK: the client may have no usable address (RFC 2131 4.3.2).
    flags: nak && relayed ? request.flags | broadcastFlag : request.flags,
    clientAddress: decision.type === "ack" ? request.clientAddress : noAddress,
    yourAddress: decision.yourAddress ?? noAddress,
    serverAddress: noAddress,
    relayAddress: request.relayAddress,
    hardwareAddress: request.hardwareAddress,
    mac: request.mac,
    serverName: "",
    bootFile: "",
    options,
  };
  const asked = request.options.get(55);
  if (!nak && decision.network !== undefined) addNetwork(options, decision.network, asked);
  if (!nak && decision.boot !== undefined) addBootOptions(reply, decision.boot, asked);
  echo(request, reply, nak);
  return reply;
}

/** Lease time with renewal at a half and rebinding at seven eighths of it (RFC 2131 4.4.5). */
function addTimes(options: Options, seconds: number): void {
  options.set(51, u32Value(seconds));
  options.set(58, u32Value(Math.floor(seconds / 2)));
  options.set(59, u32Value(Math.floor((seconds * 7) / 8)));
}

function addNetwork(options: Options, network: Options, asked: Uint8Array | undefined): void {
  for (const [code, value] of network)
    if (asked === undefined || alwaysSent.has(code) || asked.includes(code)) options.set(code, value);
}

function echo(request: DhcpMessage, reply: DhcpMessage, nak: boolean): void {
  const clientIdentifier = request.options.get(61);
  if (clientIdentifier !== undefined) reply.options.set(61, clientIdentifier);
  const guid = request.options.get(97);
  if (guid !== undefined && guid.length > 0 && !nak) reply.options.set(97, guid);
  const agent = request.options.get(82);
  if (agent !== undefined) reply.options.set(82, agent);
}

/** Where an answer goes, and by which way. `hardware` means: to this address, framed to the client's own MAC. */
export interface ReplyDestination {
  way: "relay" | "client" | "broadcast" | "hardware";
  address: string;
  port: number;
}

/** The broadcast address of the local wire. */
export const limitedBroadcast = "255.255.255.255";

/**
 * Where to send an answer: RFC 2131 4.1. To the relay when there is one; a NAK is broadcast; to ciaddr when the client
 * has an address; broadcast when the client asks for it; else to the new address at the client's hardware address.
 */
export function replyDestination(request: DhcpMessage, reply: DhcpMessage): ReplyDestination {
  if (request.relayAddress !== noAddress) return { way: "relay", address: request.relayAddress, port: 67 };
  const nak = reply.options.get(53)?.[0] === MessageType.nak;
  if (nak) return { way: "broadcast", address: limitedBroadcast, port: 68 };
  if (reply.clientAddress !== noAddress) return { way: "client", address: reply.clientAddress, port: 68 };
  if ((request.flags & broadcastFlag) !== 0 || reply.yourAddress === noAddress)
    return { way: "broadcast", address: limitedBroadcast, port: 68 };
  return { way: "hardware", address: reply.yourAddress, port: 68 };
}

const datagramHeaders = 28;

/**
 * How many bytes of UDP payload the client takes: option 57 counts the whole datagram (RFC 2132 9.10) and is never less
 * than 576; answers stay below 1500, for ROMs do not put fragments together.
 */
export function largestReply(request: DhcpMessage): number {
  const said = readU16Option(request.options, 57) ?? 576;
  return Math.min(Math.max(said, 576), 1500) - datagramHeaders;
}
