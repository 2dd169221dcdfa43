import type { Timers, Transport } from "../client/world.ts";

/** Whatever sits at an address: gets a datagram, may reply any number of times. */
export type Host = (datagram: Uint8Array, reply: (datagram: Uint8Array) => void) => void;

/** How bad the network is: chances from 0 to 1, longest delay in milliseconds. */
export interface Weather {
  readonly loss?: number;
  readonly duplication?: number;
  readonly delay?: number;
}

/** A network in memory. Datagrams to an address without a host vanish. */
export function createNetwork(
  timers: Timers,
  next: () => number,
  { loss = 0, duplication = 0, delay = 0 }: Weather = {},
) {
  const hosts = new Map<string, Host>();
  let receive: (datagram: Uint8Array, address: string, port: number) => void = () => {};
  const sent: Uint8Array[] = [];
  const carry = (deliver: () => void): void => {
    const copies = next() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (next() >= loss) timers.after(next() * delay, deliver);
    }
  };
  const transport: Transport = {
    send(datagram, address, port) {
      sent.push(datagram);
      carry(() => hosts.get(`${address}:${port}`)?.(datagram, (answer) => carry(() => receive(answer, address, port))));
    },
    onMessage(handler) {
      receive = handler;
    },
  };
  return {
    transport,
    /** All datagrams the client sent. */
    sent,
    attach: (address: string, host: Host, port = 623): void => {
      hosts.set(`${address}:${port}`, host);
    },
    inject: (datagram: Uint8Array, address: string, port = 623): void => receive(datagram, address, port),
  };
}
