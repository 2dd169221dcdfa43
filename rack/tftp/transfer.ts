import type { Socket } from "node:dgram";
import { encodeError, encodeNetascii, ErrorCode, type Mode, type Outcome, Sender, type Terms } from "@rackwright/tftp";
import type { FileSource } from "../images/file-source.ts";
import type { Settings } from "./options.ts";
import { withinTime } from "./within-time.ts";

const MIN_CHUNK_BYTES = 256 * 1024;

export interface TransferPlan {
  readonly socket: Socket;
  readonly peer: { readonly address: string; readonly port: number };
  readonly source: FileSource;
  readonly mode: Mode;
  readonly terms: Terms;
}

/** One file on its way to one client: socket and file around the state machine. */
export class Transfer {
  readonly #plan: TransferPlan;
  readonly #settings: Settings;
  readonly #sender: Sender;
  readonly #done: (outcome: Outcome, bytes: number) => void;
  readonly #chunk: number;
  #offset = 0;
  #reading = false;
  #closed = false;

  constructor(plan: TransferPlan, settings: Settings, done: (outcome: Outcome, bytes: number) => void) {
    this.#plan = plan;
    this.#settings = settings;
    this.#done = done;
    const { blksize, windowsize } = plan.terms;
    this.#chunk = Math.max(MIN_CHUNK_BYTES, 2 * blksize * windowsize);
    this.#sender = new Sender(plan.terms, (packet) => this.#send(packet), settings.retry);
    plan.socket.on("message", (datagram, remote) => this.#receive(datagram, remote.address, remote.port));
  }

  get underWay(): boolean {
    return this.#sender.underWay;
  }

  start(): void {
    this.#sender.start(this.#settings.now());
    this.#readAhead();
  }

  /** The client repeated its request. */
  restart(): void {
    this.#sender.restart(this.#settings.now());
  }

  tick(now: number): void {
    if (now < this.#sender.deadline) return;
    this.#sender.tick(now);
    this.#settle();
  }

  /** End the transfer from our side, telling the client why. */
  stop(message: string): void {
    this.#sender.fail(message);
    this.#settle();
  }

  #receive(datagram: Uint8Array, address: string, port: number): void {
    if (port !== this.#plan.peer.port || address !== this.#plan.peer.address) {
      // RFC 1350 §4: the stranger gets an error, the transfer goes on. Errors are never answered.
      if (datagram.length >= 4 && datagram[1] !== 5) {
        this.#plan.socket.send(encodeError(ErrorCode.unknownTransferId, "unknown transfer ID"), port, address);
      }
      return;
    }
    this.#sender.receive(datagram, this.#settings.now());
    if (this.#sender.outcome !== undefined) this.#settle();
    else this.#readAhead();
  }

  #send(packet: Uint8Array): void {
    if (!this.#closed) this.#plan.socket.send(packet, this.#plan.peer.port, this.#plan.peer.address);
  }

  #readAhead(): void {
    if (this.#reading || this.#offset > this.#plan.source.size || this.#sender.unreadBytes >= this.#chunk / 2) return;
    this.#reading = true;
    void this.#read();
  }

  async #read(): Promise<void> {
    const { source, mode } = this.#plan;
    const wanted = Math.min(this.#chunk, source.size - this.#offset);
    try {
      const bytes =
        wanted === 0
          ? new Uint8Array(0)
          : await withinTime(source.read(this.#offset, wanted), this.#settings.sourceTimeoutMs, "reading the file");
      if (this.#sender.outcome !== undefined) return;
      if (bytes.length === 0 && wanted > 0) throw new Error(`the file ended at byte ${this.#offset} of ${source.size}`);
      const now = this.#settings.now();
      this.#offset += bytes.length;
      this.#sender.feed(mode === "netascii" ? encodeNetascii(bytes) : bytes, now);
      if (this.#offset === source.size) {
        this.#offset = source.size + 1;
        this.#sender.end(now);
      }
    } catch (error) {
      this.stop(error instanceof Error ? error.message : "the file cannot be read");
      return;
    } finally {
      this.#reading = false;
    }
    this.#readAhead();
  }

  #settle(): void {
    const { outcome } = this.#sender;
    if (outcome === undefined || this.#closed) return;
    this.#closed = true;
    this.#plan.socket.close();
    this.#plan.source.close().catch(() => undefined);
    this.#done(outcome, this.#sender.acknowledgedBytes);
  }
}
