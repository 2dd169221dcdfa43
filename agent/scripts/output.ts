import { keptOutput } from "@rackwright/contract";

/** Bytes of one piece on its way to the region. */
export const pieceSize = 64 * 1024;
const kept = keptOutput / 2;

/** What is still kept of one stream of a script, on its way out in pieces. Holds at most `keptOutput` bytes. */
export interface OutputStream {
  write(chunk: Buffer): void;
  /** Sends the next piece of the beginning, if there is one. Called about once a second. */
  tick(): void;
  /** Sends all that is left: the rest of the beginning, then the end. */
  end(): void;
}

/**
 * Streams the beginning of an output as it comes; of what is more, only the end is kept and sent last. `offset` counts
 * every byte the script wrote, so the gap shows how much was left out.
 */
export function outputStream(send: (offset: number, data: Buffer) => void): OutputStream {
  const waiting: Buffer[] = [];
  let sent = 0;
  let held = 0;
  let total = 0;
  const tail = ring(kept);
  const piece = (): boolean => {
    if (held === 0) return false;
    const all = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting);
    const data = all.subarray(0, pieceSize);
    waiting.splice(0, waiting.length, ...(all.length > pieceSize ? [all.subarray(pieceSize)] : []));
    held -= data.length;
    send(sent, data);
    sent += data.length;
    return true;
  };
  return {
    write: (chunk) => {
      const room = Math.max(0, kept - total);
      total += chunk.length;
      if (room > 0) {
        // A copy: small chunks must not keep the large buffers alive they were read into.
        const head = Buffer.from(chunk.subarray(0, room));
        waiting.push(head);
        held += head.length;
        if (waiting.length > 512) waiting.splice(0, waiting.length, Buffer.concat(waiting));
      }
      if (chunk.length > room) tail.write(chunk.subarray(room));
    },
    tick: () => void piece(),
    end: () => {
      while (piece());
      const rest = tail.read();
      for (let start = 0; start < rest.length; start += pieceSize)
        send(total - rest.length + start, rest.subarray(start, start + pieceSize));
    },
  };
}

/** The last `size` bytes of what is written; takes memory only once something is written. */
function ring(size: number): { write(chunk: Buffer): void; read(): Buffer } {
  let buffer: Buffer | null = null;
  let position = 0;
  let filled = 0;
  return {
    write: (chunk) => {
      buffer ??= Buffer.alloc(size);
      const last = chunk.subarray(Math.max(0, chunk.length - size));
      const first = last.copy(buffer, position);
      last.copy(buffer, 0, first);
      position = (position + last.length) % size;
      filled = Math.min(size, filled + last.length);
    },
    read: () => {
      if (buffer === null) return Buffer.alloc(0);
      if (filled < size) return buffer.subarray(0, filled);
      return Buffer.concat([buffer.subarray(position), buffer.subarray(0, position)]);
    },
  };
}
