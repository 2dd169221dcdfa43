import { internetChecksum } from "./checksum.ts";
import type { DeviceError, Libc } from "./libc.ts";
import { openPacketSender } from "./packet-sender.ts";

/** One UDP datagram for a station whose hardware address is known and whose IP address cannot be asked for yet. */
export interface FramedDatagram {
  hardwareAddress: Uint8Array;
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
  payload: Uint8Array;
}

/** Sends whole IPv4 packets out of one device to a given hardware address. */
export interface FrameSender {
  /** Answers undefined, or why it was not sent. */
  send: (datagram: FramedDatagram) => DeviceError | undefined;
  close: () => void;
}

const ipv4 = 0x0800;

/**
 * Opens a packet socket for sending only (protocol 0: it receives nothing). Needs CAP_NET_RAW. This is how an OFFER is
 * unicast to a client that has no address yet (RFC 2131 4.1), without touching the host's neighbour table. Throws
 * DeviceError.
 */
export function openFrameSender({ libc, device, index }: { libc: Libc; device: string; index: number }): FrameSender {
  const packets = openPacketSender({ libc, device, index, etherType: ipv4 });
  return {
    send: (datagram) => packets.send(datagram.hardwareAddress, udpPacket(datagram)),
    close: packets.close,
  };
}

const ipHeader = 20;
const udpHeader = 8;
const udp = 17;

/** An IPv4 packet (RFC 791 3.1) that carries one UDP datagram (RFC 768), both checksums set. */
export function udpPacket(datagram: Omit<FramedDatagram, "hardwareAddress">): Uint8Array {
  const length = ipHeader + udpHeader + datagram.payload.length;
  if (length > 0xffff) throw new RangeError(`payload: ${datagram.payload.length} bytes, at most 65507 are allowed`);
  const packet = new Uint8Array(length);
  const view = new DataView(packet.buffer);
  view.setUint16(0, 0x4500);
  view.setUint16(2, length);
  view.setUint8(8, 64);
  view.setUint8(9, udp);
  packet.set(datagram.source.split(".").map(Number), 12);
  packet.set(datagram.destination.split(".").map(Number), 16);
  view.setUint16(10, internetChecksum(view, 0, ipHeader));
  view.setUint16(20, datagram.sourcePort);
  view.setUint16(22, datagram.destinationPort);
  view.setUint16(24, udpHeader + datagram.payload.length);
  packet.set(datagram.payload, ipHeader + udpHeader);
  // The pseudo header: both addresses (already in place), protocol and UDP length. Zero means "no checksum" (RFC 768).
  const pseudo = udp + udpHeader + datagram.payload.length;
  view.setUint16(26, internetChecksum(view, 12, length, pseudo) || 0xffff);
  return packet;
}
