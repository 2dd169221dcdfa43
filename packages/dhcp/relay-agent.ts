import { readAddress } from "./address.ts";
import { noAddress, type DhcpMessage } from "./message.ts";
import { readAddressOption } from "./option-values.ts";
import { readSubOptions } from "./sub-options.ts";

/** What a relay agent said about where the client sits (option 82). */
export interface RelayAgent {
  /** Sub-option 1, RFC 3046 3.1. */
  circuitId: Uint8Array | undefined;
  /** Sub-option 2, RFC 3046 3.2. */
  remoteId: Uint8Array | undefined;
  /** Sub-option 5, RFC 3527 3: the subnet to choose from, where giaddr is only the way back. */
  linkSelection: string | undefined;
  /** Sub-option 11, RFC 5107 4: the server identifier the relay wants the client to see. */
  serverOverride: string | undefined;
}

/** Reads option 82; undefined when absent or broken. */
export function readRelayAgent(message: DhcpMessage): RelayAgent | undefined {
  const value = message.options.get(82);
  const parts = value === undefined ? undefined : readSubOptions(value, true);
  if (parts === undefined) return undefined;
  const link = parts.get(5);
  const override = parts.get(11);
  return {
    circuitId: parts.get(1),
    remoteId: parts.get(2),
    linkSelection: link?.length === 4 ? readAddress(link, 0) : undefined,
    serverOverride: override?.length === 4 ? readAddress(override, 0) : undefined,
  };
}

/** Why a subnet was chosen; `interface` means that the receiving device decides. */
export type LinkSource = "link-selection" | "subnet-selection" | "relay" | "interface";

/**
 * The address that names the client's link, in the order of precedence: option 82 sub-option 5 (RFC 3527), option 118
 * (RFC 3011), giaddr (RFC 2131 4.3.1), else the interface the packet came in on.
 */
export function clientLink(message: DhcpMessage): { source: LinkSource; address: string | undefined } {
  const agentLink = message.options.has(82) ? readRelayAgent(message)?.linkSelection : undefined;
  if (agentLink !== undefined) return { source: "link-selection", address: agentLink };
  const selected = readAddressOption(message.options, 118);
  if (selected !== undefined) return { source: "subnet-selection", address: selected };
  if (message.relayAddress !== noAddress) return { source: "relay", address: message.relayAddress };
  return { source: "interface", address: undefined };
}
