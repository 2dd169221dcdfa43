import { createSocket, type Socket } from "node:dgram";
import {
  AF_INET,
  DeviceError,
  MSG_DONTWAIT,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  type Libc,
} from "./libc.ts";

/** A UDP socket that receives from and sends to one network device only. */
export interface DeviceSocket {
  readonly device: string;
  readonly port: number;
  /**
   * Sends at once, without waiting; 255.255.255.255 goes out on this device whatever the routes say. Answers undefined,
   * or why it was not sent: like any datagram it may be lost, so the caller counts and goes on.
   */
  send: (bytes: Uint8Array, address: string, port: number) => DeviceError | undefined;
  /** Ends receiving and closes the descriptor; may be called twice. */
  close: () => Promise<void>;
}

/** What `openDeviceSocket` needs to know. */
export interface DeviceSocketOptions {
  libc: Libc;
  device: string;
  port: number;
  onMessage: (bytes: Uint8Array, from: { address: string; port: number }) => void;
  onError: (error: Error) => void;
  /** Wanted size of the kernel's queues in bytes, so that a burst of a whole rack is not lost. Default 4 MiB. */
  bufferBytes?: number;
}

const longestDeviceName = 15;

/**
 * Opens a UDP socket bound to a device (SO_BINDTODEVICE), with broadcast allowed, on all addresses. The descriptor is
 * made here and handed to Node by number (`bind({ fd })`), because Node can bind to an address only. Throws DeviceError.
 */
export function openDeviceSocket(options: DeviceSocketOptions): DeviceSocket {
  const { libc, device, port } = options;
  checkDeviceName(device);
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw new DeviceError(device, "socket", libc.errno());
  const fail = (call: string): never => {
    const errno = libc.errno();
    libc.close(fd);
    throw new DeviceError(device, call, errno);
  };
  const name = Buffer.from(`${device}\0`);
  const yes = int(1);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length) !== 0) fail("SO_BINDTODEVICE");
  if (libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, yes, 4) !== 0) fail("SO_REUSEADDR");
  if (libc.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, yes, 4) !== 0) fail("SO_BROADCAST");
  // Needs CAP_NET_ADMIN; without it the system's default size stays, which is no failure.
  const size = int(options.bufferBytes ?? 4 << 20);
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4);
  libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, size, 4);
  if (libc.bind(fd, socketAddress("0.0.0.0", port), 16) !== 0) fail(`bind to port ${port}`);
  const socket = createSocket({ type: "udp4" });
  socket.on("message", (bytes, from) => options.onMessage(bytes, from));
  socket.on("error", options.onError);
  socket.bind({ fd, exclusive: true });
  return deviceSocket(libc, fd, socket, device, port);
}

function deviceSocket(libc: Libc, fd: number, socket: Socket, device: string, port: number): DeviceSocket {
  let closed: Promise<void> | undefined;
  const target = socketAddress("0.0.0.0", 0);
  return {
    device,
    port,
    send(bytes, address, toPort) {
      if (closed !== undefined) return new DeviceError(device, "send after close", 22);
      writeSocketAddress(target, address, toPort);
      const sent = libc.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, target, 16);
      return sent < 0 ? new DeviceError(device, `send to ${address}`, libc.errno()) : undefined;
    },
    close() {
      closed ??= new Promise((resolve) => {
        socket.close(() => resolve());
      });
      return closed;
    },
  };
}

/** Throws RangeError when the kernel could not have a device of that name. */
export function checkDeviceName(device: string): void {
  if (device.length === 0 || device.length > longestDeviceName || /[/\s\0]/.test(device))
    throw new RangeError(`device: ${JSON.stringify(device)}, 1 to 15 characters without space or slash are allowed`);
}

function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** `struct sockaddr_in` of Linux: family in host order, port and address in network order. */
function socketAddress(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new Uint16Array(bytes.buffer)[0] = AF_INET;
  writeSocketAddress(bytes, address, port);
  return bytes;
}

function writeSocketAddress(bytes: Uint8Array, address: string, port: number): void {
  bytes[2] = port >> 8;
  bytes[3] = port & 255;
  const parts = address.split(".");
  for (let index = 0; index < 4; index += 1) bytes[4 + index] = Number(parts[index]);
}
