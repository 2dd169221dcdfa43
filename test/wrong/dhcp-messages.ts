import { blankRequest, broadcastFlag, encodeWholeMessage, MessageType, textValue, u8Value } from "@rackwright/dhcp";
import type { DhcpMessage, MessageTypeName } from "@rackwright/dhcp";

const firmware: [number, Uint8Array][] = [
  [60, textValue("PXEClient:Arch:00007:UNDI:003016")],
  [93, Uint8Array.of(0, 7)],
];

/** A message of a UEFI firmware, or of the DHCP client of an operating system. */
export function clientMessage(
  type: MessageTypeName,
  mac: string,
  more: Partial<DhcpMessage> = {},
  client: "firmware" | "system" = "firmware",
  options: [number, Uint8Array][] = [],
): Uint8Array {
  const all = new Map([
    [53, u8Value(MessageType[type])],
    [55, Uint8Array.of(1, 3, 6, 15, 66, 67)],
    ...(client === "firmware" ? firmware : []),
    ...options,
  ]);
  return encodeWholeMessage(blankRequest(mac, all, { transactionId: 0x5eed, flags: broadcastFlag, ...more }));
}
