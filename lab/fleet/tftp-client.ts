import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type ReceiveOutcome, Receiver } from "@rackwright/tftp";

export interface TftpRead {
  /** The machine's own address. */
  readonly from: string;
  readonly server: string;
  readonly path: string;
  readonly signal: AbortSignal;
  /** Falls silent after so many bytes, as a machine whose cable is pulled. */
  readonly stopAfter?: number;
}

export interface TftpFile {
  readonly outcome: ReceiveOutcome;
  readonly bytes: Buffer;
}

const port = 69;
const tickMilliseconds = 50;
const largestFile = 64 * 1024 * 1024;

/** Reads a file by TFTP, as a network card's firmware does: blocks of 1428 bytes, one after the other. */
export async function readByTftp({ from, server, path, signal, stopAfter }: TftpRead): Promise<TftpFile> {
  const socket = createSocket("udp4");
  const parts: Buffer[] = [];
  const state = { peer: port, size: 0 };
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopped = (): boolean => stopAfter !== undefined && state.size >= stopAfter;
  const receiver = new Receiver({
    path,
    wanted: { blksize: 1428, tsize: true },
    transmit: (packet) => void (stopped() || socket.send(packet, state.peer, server)),
    deliver: (payload) => {
      state.size += payload.length;
      if (state.size <= largestFile) parts.push(Buffer.from(payload));
    },
  });
  const look = (): void => {
    if (receiver.outcome !== undefined || stopped()) resolve();
  };
  socket.on("error", () => resolve());
  socket.on("message", (datagram, { address, port: peer }) => {
    if (address !== server) return;
    state.peer = peer;
    receiver.receive(datagram, performance.now());
    look();
  });
  const timer = setInterval(() => {
    receiver.tick(performance.now());
    look();
  }, tickMilliseconds);
  const off = (): void => resolve();
  signal.addEventListener("abort", off, { once: true });
  try {
    socket.bind({ address: from, port: 0, exclusive: true });
    await once(socket, "listening");
    receiver.start(performance.now());
    await promise;
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", off);
    clearInterval(timer);
    socket.close();
  }
  const broken = { kind: "failed", reason: "timeout", message: "the transfer stopped" } as const;
  return { outcome: receiver.outcome ?? broken, bytes: Buffer.concat(parts) };
}
