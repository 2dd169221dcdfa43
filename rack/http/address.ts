import type { Socket } from "node:net";

/** An address without the IPv6 dress of IPv4 (`::ffff:10.0.0.1`) and without a zone. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "unknown").replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}

export function peerOf(socket: Socket): { address: string; localAddress: string } {
  return { address: plainAddress(socket.remoteAddress), localAddress: plainAddress(socket.localAddress) };
}
