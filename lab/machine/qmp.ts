import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { z } from "zod";

const message = z.union([
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ return: z.unknown(), id: z.number() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number() }),
]);

export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A connection to QEMU's machine protocol (QEMU manual, "QMP Protocol Specification"). */
export interface Qmp {
  /** Runs a command. Rejects with QEMU's own words, or when no answer comes in time, or when QEMU goes. */
  execute(command: string, commandArguments?: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

export interface QmpListener {
  onEvent(event: QmpEvent): void;
  onClose(): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Connects and leaves the negotiation mode. Rejects when nobody listens on the socket. */
export async function connectQmp(path: string, listener: QmpListener, timeoutMilliseconds = 10_000): Promise<Qmp> {
  const socket = await connect(path);
  const waiting = new Map<number, Waiting>();
  let nextId = 1;

  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id);
    waiting.delete(id);
    clearTimeout(entry?.timer);
    return entry;
  };
  const receive = (line: string): void => {
    const parsed = message.safeParse(parseJson(line));
    if (!parsed.success) return;
    if ("event" in parsed.data) listener.onEvent(parsed.data);
    else if ("error" in parsed.data) settle(parsed.data.id)?.reject(new Error(`QEMU: ${parsed.data.error.desc}`));
    else settle(parsed.data.id)?.resolve(parsed.data.return);
  };
  const execute: Qmp["execute"] = (command, commandArguments) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) {
        reject(new Error("QEMU has gone"));
        return;
      }
      const id = nextId++;
      const late = () => settle(id)?.reject(new Error(`QEMU does not answer ${command}`));
      waiting.set(id, { resolve, reject, timer: setTimeout(late, timeoutMilliseconds) });
      socket.write(`${JSON.stringify({ execute: command, arguments: commandArguments, id })}\n`);
    });

  // The reader repeats the socket's errors; what they mean is told by the close that follows.
  const lines = createInterface({ input: socket });
  lines.on("line", receive);
  lines.on("error", () => undefined);
  socket.on("error", () => undefined);
  socket.on("close", () => {
    for (const id of waiting.keys()) settle(id)?.reject(new Error("QEMU has gone"));
    listener.onClose();
  });
  await execute("qmp_capabilities");
  return { execute, close: () => socket.destroy() };
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
