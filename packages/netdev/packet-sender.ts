import { checkDeviceName } from "./device-socket.ts";
import {
  AF_PACKET,
  DeviceError,
  MSG_DONTWAIT,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  type Libc,
} from "./libc.ts";

/** What `openPacketSender` needs to know: the device by name and index, and the EtherType of what is sent. */
export interface PacketSenderOptions {
  libc: Libc;
  device: string;
  index: number;
  /** IEEE 802 EtherType, such as 0x0800 for IPv4 and 0x86dd for IPv6. */
  etherType: number;
}

/** Sends packets of one protocol out of one device to a given hardware address. */
export interface PacketSender {
  /** Sends a packet, without link-layer header. Answers undefined, or why it was not sent. */
  send: (hardwareAddress: Uint8Array, packet: Uint8Array) => DeviceError | undefined;
  /** May be called twice. */
  close: () => void;
}

/**
 * Opens a packet socket for sending only (packet(7); protocol 0: it receives nothing). The kernel writes the link-layer
 * header. Needs CAP_NET_RAW. Throws DeviceError, and RangeError for a name no device can have.
 */
export function openPacketSender({ libc, device, index, etherType }: PacketSenderOptions): PacketSender {
  checkDeviceName(device);
  const fd = libc.socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw new DeviceError(device, "packet socket", libc.errno());
  libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, new Uint8Array(Int32Array.of(4 << 20).buffer), 4);
  // struct sockaddr_ll: family, protocol (network order), index, hatype, pkttype, halen, address[8]
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  new Uint16Array(address.buffer)[0] = AF_PACKET;
  view.setUint16(2, etherType);
  new Int32Array(address.buffer)[1] = index;
  let open = true;
  return {
    send(hardwareAddress, packet) {
      if (!open) return new DeviceError(device, "send after close", 22);
      const length = Math.min(hardwareAddress.length, 8);
      address[11] = length;
      address.fill(0, 12);
      address.set(hardwareAddress.subarray(0, length), 12);
      const sent = libc.sendto(fd, packet, packet.length, MSG_DONTWAIT, address, address.length);
      return sent < 0 ? new DeviceError(device, "send of a frame", libc.errno()) : undefined;
    },
    close() {
      if (open) libc.close(fd);
      open = false;
    },
  };
}
