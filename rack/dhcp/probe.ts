import {
  blankRequest,
  decodeMessage,
  encodeWholeMessage,
  messageTypeOf,
  MessageType,
  Op,
  textValue,
  u8Value,
  broadcastFlag,
  type DhcpMessage,
} from "@rackwright/dhcp";

/** Option 60 of our own probes: racks do not answer each other's. */
export const probeVendorClass = "rackwright-probe";

/** Pauses before the packets of one probe, and how long answers are waited for, in milliseconds. */
export const probeTimes = { sends: [0, 2000, 4000, 8000], listen: 10_000 };

/** A DISCOVER in the name of the rack's own device, answers by broadcast. */
export function probePacket(mac: string, transactionId: number): Uint8Array {
  const options = new Map([
    [53, u8Value(MessageType.discover)],
    [55, Uint8Array.of(3, 1, 6)],
    [60, textValue(probeVendorClass)],
    [61, Uint8Array.of(0, ...textValue(`rackwright-${mac}`))],
  ]);
  return encodeWholeMessage(blankRequest(mac, options, { transactionId, flags: broadcastFlag }));
}

/** The server's answer when the bytes are an OFFER to our probe, else undefined. */
export function probeAnswer(bytes: Uint8Array, mac: string, transactionId: number): DhcpMessage | undefined {
  try {
    const reply = decodeMessage(bytes);
    const ours = reply.op === Op.reply && reply.transactionId === transactionId && reply.mac === mac;
    return ours && messageTypeOf(reply.options) === "offer" ? reply : undefined;
  } catch {
    return undefined;
  }
}
