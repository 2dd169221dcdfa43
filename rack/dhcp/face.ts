import { networkHolds, type DhcpMessage, type Network, type ReplyDestination } from "@rackwright/dhcp";
import type { DeviceError } from "@rackwright/netdev";

/** One of the rack's own addresses on a device. */
export interface FaceAddress {
  address: string;
  network: Network;
}

/** One network device the server answers on. */
export interface Face {
  readonly device: string;
  readonly mac: string | undefined;
  /** At least one; the first is the one the kernel sends from. */
  readonly addresses: readonly FaceAddress[];
  /** Sends an answer the way `destination` says, from `source`. */
  send: (bytes: Uint8Array, destination: ReplyDestination, source: string, request: DhcpMessage) => SendResult;
}

export type SendResult = DeviceError | undefined;

/** The server identifier for a client that gets `address`: ours in the same subnet, else the device's first. */
export function serverIdentifier(face: Face, address: number): string {
  const same = face.addresses.find(({ network }) => networkHolds(network, address));
  return (same ?? face.addresses[0])?.address ?? "0.0.0.0";
}
