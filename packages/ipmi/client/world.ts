/** Datagrams in and out. Many BMCs share one transport; replies are told apart by address and port. */
export interface Transport {
  /** Sends without waiting; a failure to send is the same as a lost datagram. */
  send(datagram: Uint8Array, address: string, port: number): void;
  /** Registers the one receiver. `address` must be spelled as it was when sending. */
  onMessage(handler: (datagram: Uint8Array, address: string, port: number) => void): void;
}

/** Time, in milliseconds. */
export interface Timers {
  now(): number;
  /** Runs once after so many milliseconds; the result cancels it. */
  after(milliseconds: number, run: () => void): () => void;
}

/** Unpredictable bytes, as `crypto.randomBytes` gives them. */
export type Random = (count: number) => Uint8Array;

/** What the client needs of the world. */
export interface World {
  readonly transport: Transport;
  readonly timers: Timers;
  readonly random: Random;
}

export function sleep(timers: Timers, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(milliseconds, resolve);
  });
}
