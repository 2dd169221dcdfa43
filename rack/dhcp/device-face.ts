import { parseNetwork } from "@rackwright/dhcp";
import {
  DeviceError,
  openDeviceSocket,
  openFrameSender,
  type DeviceSocket,
  type FrameSender,
  type Libc,
  type NetworkInterface,
} from "@rackwright/netdev";
import type { Face, FaceAddress } from "./face.ts";
import { probeAnswer, probePacket, probeTimes } from "./probe.ts";
import type { Receive } from "./receive.ts";

const serverPort = 67;
const clientPort = 68;
const everyStation = Uint8Array.of(255, 255, 255, 255, 255, 255);

/** A face that holds sockets. */
export interface OpenFace extends Face {
  readonly libc: Libc;
  readonly index: number;
  close: () => Promise<void>;
}

/** What a face must know of its device to be kept when the device list changes. */
export function faceKey(device: NetworkInterface): string {
  return JSON.stringify([device.name, device.index, device.mac, device.ipv4]);
}

/**
 * Opens the sockets of one device: UDP port 67 bound to it, and a packet socket to reach clients without an address.
 * Without the right to packets (CAP_NET_RAW) such clients are reached by broadcast, which is legal too (RFC 2131 4.1).
 * Throws DeviceError.
 */
export function openFace(
  libc: Libc,
  device: NetworkInterface,
  receive: Receive,
  onError: (error: Error) => void,
): OpenFace {
  const addresses: FaceAddress[] = device.ipv4.map((cidr) => ({
    address: cidr.slice(0, cidr.indexOf("/")),
    network: parseNetwork(cidr),
  }));
  const open: { frames: FrameSender | undefined } = { frames: undefined };
  const face: OpenFace = {
    device: device.name,
    mac: device.mac,
    addresses,
    libc,
    index: device.index,
    send(bytes, { way, address, port }, source, request) {
      if (way === "relay" || way === "client") return socket.send(bytes, address, port);
      if (open.frames === undefined) return socket.send(bytes, "255.255.255.255", port);
      return open.frames.send({
        hardwareAddress: way === "hardware" ? request.hardwareAddress.subarray(0, 6) : everyStation,
        source,
        sourcePort: serverPort,
        destination: address,
        destinationPort: port,
        payload: bytes,
      });
    },
    async close() {
      open.frames?.close();
      await socket.close();
    },
  };
  const socket: DeviceSocket = openDeviceSocket({
    libc,
    device: device.name,
    port: serverPort,
    onMessage: (bytes, from) => receive(bytes, from, face),
    onError,
  });
  try {
    open.frames = openFrameSender({ libc, device: device.name, index: device.index });
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
  }
  return face;
}

/**
 * Looks for DHCP servers on the device's wire: DISCOVER at 0, 2, 4 and 8 s, ten seconds of listening. Resolves when that
 * is over or `signal` is aborted. Rejects with DeviceError when the client port cannot be used.
 */
export async function probeDevice(
  face: OpenFace,
  transactionId: number,
  signal: AbortSignal,
  onOffer: (reply: NonNullable<ReturnType<typeof probeAnswer>>, from: string) => void,
): Promise<void> {
  const mac = face.mac;
  if (mac === undefined || signal.aborted) return;
  const timers: NodeJS.Timeout[] = [];
  const frames = openFrameSender({ libc: face.libc, device: face.device, index: face.index });
  let socket: DeviceSocket | undefined;
  try {
    socket = openDeviceSocket({
      libc: face.libc,
      device: face.device,
      port: clientPort,
      onMessage(bytes, from) {
        const reply = probeAnswer(bytes, mac, transactionId);
        if (reply !== undefined) onOffer(reply, from.address);
      },
      onError: () => undefined,
    });
    const payload = probePacket(mac, transactionId);
    const datagram = { source: "0.0.0.0", sourcePort: clientPort, destination: "255.255.255.255" };
    for (const pause of probeTimes.sends) {
      const packet = { ...datagram, hardwareAddress: everyStation, destinationPort: serverPort, payload };
      timers.push(setTimeout(() => frames.send(packet), pause));
    }
    await new Promise<void>((resolve) => {
      timers.push(setTimeout(resolve, probeTimes.listen));
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    frames.close();
    await socket?.close();
  }
}
