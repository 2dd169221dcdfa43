import { BlockQueue } from "./block-queue.ts";
import { ErrorCode } from "./error.ts";
import type { Terms } from "./negotiate.ts";
import { Opcode } from "./opcode.ts";
import { decodePacket, encodeError } from "./packet.ts";
import { encodeOptionAck } from "./request.ts";
import { DEFAULT_RETRY, type RetryPolicy, RetryTimer } from "./retry.ts";

/** How a transfer ended. */
export type Outcome =
  /** `confirmed` is false when everything was sent and only the last ACK never came: many ROMs do not send it. */
  | { readonly kind: "completed"; readonly confirmed: boolean }
  /** The peer sent ERROR. During option negotiation that is how a client ends a `tsize` question (RFC 2347, code 8). */
  | { readonly kind: "aborted"; readonly code: number; readonly message: string; readonly stage: "options" | "data" }
  | { readonly kind: "failed"; readonly reason: "timeout" | "illegal-packet" | "source"; readonly message: string };

const MAX_BAD_PACKETS = 16;

/**
 * Sending side of one transfer (RFC 1350 §6, RFC 2347, RFC 7440). Knows no socket, file or clock: packets
 * leave through `transmit`, file bytes come in through `feed` and `end`, time in milliseconds is
 * passed in. Call `tick` at or after `deadline`.
 *
 * DATA is repeated on a timeout or when an ACK shows a gap in a window, never because an ACK came
 * twice (the sorcerer's apprentice, RFC 1123 §4.2.3.1). In a window of several blocks a
 * repeated ACK is also how a receiver reports that the window's first block was lost (RFC 7440 §4): it is believed
 * once per window and only when a round trip has passed since the window went out.
 */
export class Sender {
  readonly #transmit: (packet: Uint8Array) => void;
  readonly #queue: BlockQueue;
  readonly #timer: RetryTimer;
  readonly #terms: Terms;
  readonly #oack: Uint8Array | undefined;
  #stage: "options" | "data";
  #acked = 0;
  #sent = 0;
  #lastSentAt = 0;
  #repeated = false;
  #rewound = false;
  #badPackets = 0;
  /** Time at which `tick` wants to be called; infinite while nothing is in flight. */
  deadline = Number.POSITIVE_INFINITY;
  /** Set once the transfer is over; every later call does nothing. */
  outcome: Outcome | undefined;
  /** Bytes on the wire that the client acknowledged. */
  acknowledgedBytes = 0;

  constructor(terms: Terms, transmit: (packet: Uint8Array) => void, retry: RetryPolicy = DEFAULT_RETRY) {
    this.#terms = terms;
    this.#transmit = transmit;
    this.#queue = new BlockQueue(terms.blksize, terms.windowsize);
    this.#timer = new RetryTimer(retry, terms.timeoutSeconds);
    this.#oack = terms.accepted.size > 0 ? encodeOptionAck(terms.accepted) : undefined;
    this.#stage = this.#oack === undefined ? "data" : "options";
  }

  /** Bytes fed and not yet sent; the owner reads ahead when this falls low. */
  get unreadBytes(): number {
    return this.#queue.unread;
  }

  /** True once the client has acknowledged anything. */
  get underWay(): boolean {
    return this.#acked > 0;
  }

  start(now: number): void {
    this.#timer.begin(now);
    if (this.#oack === undefined) this.#fill(now);
    else {
      this.#transmit(this.#oack);
      this.#lastSentAt = now;
      this.deadline = now + this.#timer.intervalMs;
    }
  }

  /** More bytes of the file, in order. The array must not be changed afterwards. */
  feed(bytes: Uint8Array, now: number): void {
    this.#queue.feed(bytes);
    if (this.#stage === "data") this.#fill(now);
  }

  /** All bytes were fed. */
  end(now: number): void {
    this.#queue.end();
    if (this.#stage === "data") this.#fill(now);
  }

  /** The file cannot be read any further: tell the client and stop. */
  fail(message: string): void {
    this.#fail("source", ErrorCode.undefined, message);
  }

  /** The client asked again for the same file before it saw an answer. */
  restart(now: number): void {
    if (this.outcome === undefined && !this.underWay) this.#resend(now);
  }

  receive(datagram: Uint8Array, now: number): void {
    if (this.outcome !== undefined) return;
    if (datagram.length >= 4 && datagram[0] === 0 && datagram[1] === Opcode.acknowledgment) {
      this.#acknowledge(((datagram[2] ?? 0) << 8) | (datagram[3] ?? 0), now);
    } else this.#other(datagram);
  }

  tick(now: number): void {
    if (this.outcome !== undefined || now < this.deadline) return;
    if (this.#timer.expired(now)) {
      if (this.#stage === "data" && this.#sent === this.#queue.last)
        this.#finish({ kind: "completed", confirmed: false });
      else this.#fail("timeout", ErrorCode.undefined, `no answer after ${this.#timer.attempts} attempts`);
    } else this.#resend(now);
  }

  #acknowledge(block: number, now: number): void {
    if (this.#stage === "options") {
      if (block !== 0) return;
      this.#stage = "data";
      this.#timer.progress(now, this.#repeated ? undefined : now - this.#lastSentAt);
      this.#repeated = false;
      this.#fill(now);
      return;
    }
    const advance = (block - this.#acked) & 0xffff;
    if (advance === 0) this.#repeatedAck(now);
    else if (advance <= this.#sent - this.#acked) this.#advance(advance, now);
  }

  #advance(advance: number, now: number): void {
    const whole = this.#acked + advance === this.#sent;
    this.#acked += advance;
    if (this.#acked === this.#queue.last) {
      this.acknowledgedBytes +=
        (advance - 1) * this.#terms.blksize + (this.#queue.packet(this.#acked)?.length ?? 4) - 4;
      this.#finish({ kind: "completed", confirmed: true });
      return;
    }
    this.acknowledgedBytes += advance * this.#terms.blksize;
    this.#timer.progress(now, this.#repeated || !whole ? undefined : now - this.#lastSentAt);
    this.#repeated = !whole;
    this.#rewound = false;
    this.#sent = this.#acked;
    this.#fill(now);
  }

  #repeatedAck(now: number): void {
    const due = now - this.#lastSentAt >= this.#timer.shortestMs;
    if (this.#terms.windowsize > 1 && this.#sent > this.#acked && !this.#rewound && due) {
      this.#rewound = true;
      this.#resend(now);
    }
  }

  #fill(now: number): void {
    const limit = this.#acked + this.#terms.windowsize;
    const before = this.#sent;
    while (this.#sent < limit) {
      const packet = this.#queue.packet(this.#sent + 1);
      if (packet === undefined) break;
      this.#sent += 1;
      this.#transmit(packet);
    }
    if (this.#sent > before) {
      this.#lastSentAt = now;
      this.deadline = now + this.#timer.intervalMs;
    } else if (this.#sent === this.#acked) this.deadline = Number.POSITIVE_INFINITY;
  }

  #resend(now: number): void {
    this.#repeated = true;
    if (this.#stage === "options" && this.#oack !== undefined) this.#transmit(this.#oack);
    for (let block = this.#acked + 1; block <= this.#sent; block += 1) {
      const packet = this.#queue.packet(block);
      if (packet !== undefined) this.#transmit(packet);
    }
    this.#lastSentAt = now;
    this.deadline = now + this.#timer.intervalMs;
  }

  #other(datagram: Uint8Array): void {
    try {
      const packet = decodePacket(datagram);
      if (packet.kind === "error") {
        this.#finish({ kind: "aborted", code: packet.code, message: packet.message, stage: this.#stage });
        return;
      }
      this.#fail("illegal-packet", ErrorCode.illegalOperation, `${packet.kind} is not expected in a read transfer`);
    } catch {
      this.#badPackets += 1;
      if (this.#badPackets >= MAX_BAD_PACKETS) {
        this.#fail("illegal-packet", ErrorCode.illegalOperation, `${this.#badPackets} malformed packets`);
      }
    }
  }

  #fail(reason: "timeout" | "illegal-packet" | "source", code: number, message: string): void {
    if (this.outcome !== undefined) return;
    this.#transmit(encodeError(code, message));
    this.#finish({ kind: "failed", reason, message });
  }

  #finish(outcome: Outcome): void {
    this.outcome = outcome;
    this.deadline = Number.POSITIVE_INFINITY;
  }
}
