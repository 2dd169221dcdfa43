import { Opcode } from "./opcode.ts";

const ARENA_BYTES = 64 * 1024;

/**
 * Cuts a stream of bytes into ready DATA packets, numbered from 1, and keeps those of one window for
 * retransmission. Packets are never written again once handed out, so a socket may hold on to them.
 */
export class BlockQueue {
  readonly #blksize: number;
  readonly #window: (Uint8Array | undefined)[];
  readonly #chunks: Uint8Array[] = [];
  #chunkOffset = 0;
  #unread = 0;
  #built = 0;
  #last: number | undefined;
  #ended = false;
  #arena = Buffer.alloc(0);
  #arenaOffset = 0;

  constructor(blksize: number, windowsize: number) {
    this.#blksize = blksize;
    this.#window = Array.from<Uint8Array | undefined>({ length: windowsize });
  }

  /** Bytes fed that are not in a packet yet. */
  get unread(): number {
    return this.#unread;
  }

  /** Number of the last block, once it was built. */
  get last(): number | undefined {
    return this.#last;
  }

  get ended(): boolean {
    return this.#ended;
  }

  feed(bytes: Uint8Array): void {
    if (this.#ended) throw new Error("bytes were fed after the end of the stream");
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#unread += bytes.length;
  }

  end(): void {
    this.#ended = true;
  }

  /**
   * The DATA packet of a block: one of the last `windowsize` built, or the next one.
   * @returns undefined when the bytes are not there yet or the stream has no such block
   */
  packet(block: number): Uint8Array | undefined {
    if (block <= this.#built) return this.#window[block % this.#window.length];
    if (this.#last !== undefined) return undefined;
    const length = Math.min(this.#unread, this.#blksize);
    if (length < this.#blksize && !this.#ended) return undefined;
    const packet = this.#allocate(4 + length);
    packet[0] = 0;
    packet[1] = Opcode.data;
    packet[2] = (block >>> 8) & 0xff;
    packet[3] = block & 0xff;
    this.#take(packet, length);
    this.#built = block;
    this.#window[block % this.#window.length] = packet;
    if (length < this.#blksize) this.#last = block;
    return packet;
  }

  #take(packet: Uint8Array, length: number): void {
    let at = 4;
    const end = 4 + length;
    while (at < end) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) throw new Error("block queue is out of step with its bytes");
      const count = Math.min(chunk.length - this.#chunkOffset, end - at);
      packet.set(chunk.subarray(this.#chunkOffset, this.#chunkOffset + count), at);
      at += count;
      this.#chunkOffset += count;
      if (this.#chunkOffset === chunk.length) {
        this.#chunks.shift();
        this.#chunkOffset = 0;
      }
    }
    this.#unread -= length;
  }

  #allocate(length: number): Uint8Array {
    if (this.#arenaOffset + length > this.#arena.length) {
      this.#arena = Buffer.allocUnsafeSlow(Math.max(length, Math.min(ARENA_BYTES, this.#unread + 4 + length)));
      this.#arenaOffset = 0;
    }
    const packet = this.#arena.subarray(this.#arenaOffset, this.#arenaOffset + length);
    this.#arenaOffset += length;
    return packet;
  }
}
