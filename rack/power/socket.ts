import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { isIP } from "node:net";
import type { Timers, Transport } from "@rackwright/ipmi";
import ipaddr from "ipaddr.js";
import { PowerError } from "./errors.ts";

/** UDP sockets per address family: enough that thousands of replies at once do not overflow one receive buffer. */
const SOCKETS = 2;
const RECEIVE_BUFFER = 1 << 20;

/** A transport over real sockets that all BMCs share. */
export interface BmcSockets {
  readonly transport: Transport;
  /** Local ports in use. */
  readonly ports: readonly number[];
  close(): void;
}

/** What goes wrong with a socket is a lost datagram to the client; `onError` is for the log. */
export async function openBmcSockets({ onError }: { onError: (error: Error) => void }): Promise<BmcSockets> {
  const open = async (type: "udp4" | "udp6"): Promise<Socket> => {
    const socket = createSocket({ type, ipv6Only: type === "udp6", recvBufferSize: RECEIVE_BUFFER });
    socket.bind(0);
    await once(socket, "listening");
    socket.on("error", onError);
    return socket;
  };
  const four = await Promise.all(Array.from({ length: SOCKETS }, () => open("udp4")));
  // A host without IPv6 has none of these; BMCs with IPv6 addresses are then out of reach.
  const six = await Promise.all(Array.from({ length: SOCKETS }, () => open("udp6"))).catch(() => []);
  const all = [...four, ...six];
  return {
    ports: all.map((socket) => socket.address().port),
    close: () => {
      for (const socket of all) socket.close();
    },
    transport: {
      send(datagram, address, port) {
        const family = isIP(address) === 6 ? six : four;
        const socket = family[spread(address) % Math.max(1, family.length)];
        if (socket === undefined) return onError(new Error(`no IPv6 on this host: ${address} cannot be reached`));
        socket.send(datagram, port, address, (error) => {
          if (error !== null) onError(error);
        });
      },
      onMessage(handler) {
        for (const socket of all) socket.on("message", (datagram, from) => handler(datagram, from.address, from.port));
      },
    },
  };
}

/** The same address always goes through the same socket, so that a BMC sees one port. */
function spread(address: string): number {
  let sum = 0;
  for (const character of address) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}

/** The canonical address of a BMC given as address (brackets allowed) or host name. Throws PowerError. */
export async function resolveBmc(host: string): Promise<string> {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return bare;
  if (ipaddr.IPv6.isValid(bare)) return ipaddr.IPv6.parse(bare).toRFC5952String();
  try {
    return (await lookup(bare)).address;
  } catch (error) {
    throw new PowerError("bmc-unreachable", `the BMC's name "${bare}" has no address`, {
      next: "Correct the name, or use the BMC's IP address.",
      evidence: [error instanceof Error ? error.message : String(error)],
      fatal: true,
      cause: error,
    });
  }
}

/** The process clock for the IPMI client and the power service. */
export function systemTimers(): Timers {
  return {
    now: () => performance.now(),
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}
