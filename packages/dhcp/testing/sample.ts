import { parseMac } from "../address.ts";
import { noAddress, type DhcpMessage } from "../message.ts";
import { u8Value } from "../option-values.ts";

/** A DISCOVER without anything but its type, and what a test changes. */
export function sample(more: Partial<DhcpMessage> = {}): DhcpMessage {
  const mac = more.mac ?? "52:54:00:12:34:56";
  return {
    op: 1,
    hardwareType: 1,
    hardwareLength: 6,
    hops: 0,
    transactionId: 0xdeadbeef,
    seconds: 4,
    flags: 0,
    clientAddress: noAddress,
    yourAddress: noAddress,
    serverAddress: noAddress,
    relayAddress: noAddress,
    hardwareAddress: parseMac(mac),
    mac,
    serverName: "",
    bootFile: "",
    options: new Map([[53, u8Value(1)]]),
    ...more,
  };
}
