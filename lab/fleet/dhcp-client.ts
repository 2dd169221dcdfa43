import {
  blankRequest,
  broadcastFlag,
  decodeMessage,
  encodeWholeMessage,
  type DhcpMessage,
  MessageType,
  messageTypeOf,
  noAddress,
  Op,
  readAddressOption,
  readTextOption,
  textValue,
  u16Value,
  u8Value,
} from "@rackwright/dhcp";
import { type Libc, openDeviceSocket, openFrameSender } from "@rackwright/netdev";
import type { MachinePlan } from "./plan.ts";
import type { FleetWorld } from "./world.ts";

/** Which program of the machine asks: each is a DHCP client of its own. */
export type Asker = "firmware" | "odd-firmware" | "ipxe" | "system";

export interface Lease {
  readonly address: string;
  readonly server: string;
  readonly nextServer: string;
  readonly bootFile: string | undefined;
}

/** The DHCP clients of a whole fleet: one socket, told apart by transaction. */
export interface DhcpClients {
  /**
   * DISCOVER, OFFER, REQUEST, ACK. Undefined when nobody answered in time.
   * @param only `discover` stops once an offer came
   */
  acquire(machine: MachinePlan, asker: Asker, signal: AbortSignal, only?: "discover"): Promise<Lease | undefined>;
  close(): Promise<void>;
}

const everyStation = Uint8Array.of(255, 255, 255, 255, 255, 255);
/** Milliseconds until a message is sent again (RFC 2131 4.1: exponential). */
const patience = [1000, 2000, 4000];

/** Opens UDP port 68 of the device, and a packet socket, since clients without an address send from 0.0.0.0. */
export function openDhcpClients(
  libc: Libc,
  { device, index }: { device: string; index: number },
  world: FleetWorld,
): DhcpClients {
  const waiting = new Map<number, (reply: DhcpMessage) => void>();
  const frames = openFrameSender({ libc, device, index });
  const socket = openDeviceSocket({
    libc,
    device,
    port: 68,
    onMessage: (bytes) => {
      try {
        const reply = decodeMessage(bytes);
        if (reply.op === Op.reply) waiting.get(reply.transactionId)?.(reply);
      } catch {
        // Not for us, whatever it is.
      }
    },
    onError: () => undefined,
  });
  const send = (payload: Uint8Array): void => {
    const ports = { sourcePort: 68, destinationPort: 67 };
    frames.send({
      hardwareAddress: everyStation,
      source: noAddress,
      destination: "255.255.255.255",
      ...ports,
      payload,
    });
  };

  const ask = async (message: DhcpMessage, signal: AbortSignal): Promise<DhcpMessage | undefined> => {
    const { promise, resolve } = Promise.withResolvers<DhcpMessage>();
    waiting.set(message.transactionId, resolve);
    try {
      for (const pause of patience) {
        send(encodeWholeMessage(message));
        const round = new AbortController();
        const timeout = world.sleep(pause, AbortSignal.any([signal, round.signal])).then(
          () => undefined,
          () => undefined,
        );
        const answer = await Promise.race([promise, timeout]);
        round.abort();
        signal.throwIfAborted();
        if (answer !== undefined) return answer;
      }
      return undefined;
    } finally {
      waiting.delete(message.transactionId);
    }
  };

  return {
    async acquire(machine, asker, signal, only) {
      const transactionId = new DataView(Uint8Array.from(world.random(4)).buffer).getUint32(0);
      const offer = await ask(message(machine, asker, "discover", transactionId, []), signal);
      if (offer === undefined) return undefined;
      const server = readAddressOption(offer.options, 54) ?? noAddress;
      if (only === "discover") return leaseOf(offer, server);
      const choice: [number, Uint8Array][] = [
        [50, quad(offer.yourAddress)],
        [54, quad(server)],
      ];
      const answer = await ask(message(machine, asker, "request", transactionId + 1, choice), signal);
      if (answer === undefined || messageTypeOf(answer.options) !== "ack") return undefined;
      return leaseOf(answer, server);
    },
    async close() {
      frames.close();
      await socket.close();
    },
  };
}

const quad = (text: string): Uint8Array => Uint8Array.from(text.split(".").map(Number));

function leaseOf(reply: DhcpMessage, server: string): Lease {
  const file = readTextOption(reply.options, 67) ?? reply.bootFile;
  const nextServer = reply.serverAddress === noAddress ? server : reply.serverAddress;
  return { address: reply.yourAddress, server, nextServer, bootFile: file === "" ? undefined : file };
}

function message(
  { mac, bootUuid, firmware, number }: MachinePlan,
  asker: Asker,
  type: "discover" | "request",
  transactionId: number,
  more: [number, Uint8Array][],
): DhcpMessage {
  // 10 is 32-bit ARM UEFI, which nothing is built for (IANA processor architecture types).
  const architecture = asker === "odd-firmware" ? 10 : firmware === "uefi" ? 7 : 0;
  const guid = Uint8Array.of(0, ...Buffer.from(bootUuid.replaceAll("-", ""), "hex"));
  const netboot: [number, Uint8Array][] = [
    [60, textValue(`PXEClient:Arch:${String(architecture).padStart(5, "0")}:UNDI:003016`)],
    [93, u16Value(architecture)],
    [94, Uint8Array.of(1, 3, 16)],
    [97, guid],
  ];
  const own: Record<Asker, [number, Uint8Array][]> = {
    firmware: netboot,
    "odd-firmware": netboot,
    // Features of iPXE: HTTP (19), bzImage (24), EFI (36).
    ipxe: [...netboot, [77, textValue("iPXE")], [175, Uint8Array.of(19, 1, 1, firmware === "uefi" ? 36 : 24, 1, 1)]],
    system: [[12, textValue(`fleet-${number}`)]],
  };
  const options = new Map([
    [53, u8Value(MessageType[type])],
    [55, Uint8Array.of(1, 3, 6, 15, 26, 42, 66, 67)],
    [57, u16Value(1472)],
    ...own[asker],
    ...more,
  ]);
  return blankRequest(mac, options, { transactionId: transactionId >>> 0, flags: broadcastFlag });
}
