import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import type { Bmc } from "../bmc/bmc.ts";
import { createIpmiClient } from "../client/client.ts";
import type { IpmiClient } from "../client/client.ts";
import type { Timers } from "../client/world.ts";

/** The real clock. */
export const realTimers: Timers = {
  now: () => performance.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

async function bound(address: string, port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(port, address);
  await once(socket, "listening");
  return socket;
}

/** Puts a BMC on a UDP port of the loopback; `stop` takes it away. Port 0 chooses one. */
export async function serveBmc(bmc: Pick<Bmc, "handle">, address: string, port = 623) {
  const socket = await bound(address, port);
  socket.on("message", (datagram, from) => {
    void bmc.handle(datagram, (reply) => socket.send(reply, from.port, from.address));
  });
  return { port: socket.address().port, stop: (): void => void socket.close() };
}

/** A client over one real socket. */
export async function realClient(): Promise<{ client: IpmiClient; stop: () => void }> {
  const socket = await bound("0.0.0.0", 0);
  const client = createIpmiClient({
    timers: realTimers,
    random: (count) => randomBytes(count),
    transport: {
      send: (datagram, address, port) => socket.send(datagram, port, address, () => {}),
      onMessage: (handler) => void socket.on("message", (datagram, from) => handler(datagram, from.address, from.port)),
    },
  });
  return { client, stop: () => void socket.close() };
}
