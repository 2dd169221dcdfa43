import { ErrorCode } from "./error.ts";
import { acceptOptionAck, DEFAULT_BLKSIZE, type Wanted, wantedOptions } from "./negotiate.ts";
import { decodePacket, encodeAck, encodeError, type OptionAck, type Packet } from "./packet.ts";
import { encodeRequest, type Mode } from "./request.ts";
import { DEFAULT_RETRY, type RetryPolicy, RetryTimer } from "./retry.ts";

export type ReceiveOutcome =
  | { readonly kind: "completed" }
  | { readonly kind: "refused"; readonly code: number; readonly message: string }
  | { readonly kind: "failed"; readonly reason: "timeout" | "illegal-packet"; readonly message: string };

export interface ReceiverOptions {
  readonly path: string;
  readonly mode?: Mode;
  readonly wanted?: Wanted;
  /** Packets for the server: the first goes to its port 69, all others to the port it answered from. */
  readonly transmit: (packet: Uint8Array) => void;
  /** File bytes in order, as they are on the wire (netascii is not decoded); a view that is valid during the call. */
  readonly deliver: (payload: Uint8Array) => void;
  readonly retry?: RetryPolicy;
}

/**
 * Receiving side of a read (RFC 1350 §6, RFC 2347, RFC 7440 §4). Like Sender it has no socket or clock.
 * After completion keep passing packets in for a while: a repeated last DATA is acknowledged again.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #timer: RetryTimer;
  #reply: Uint8Array;
  #windowsize = 1;
  #blksize = DEFAULT_BLKSIZE;
  #received = 0;
  #inWindow = 0;
  #gapReported = false;
  #negotiated = false;
  deadline = Number.POSITIVE_INFINITY;
  outcome: ReceiveOutcome | undefined;
  /** File size the server told (`tsize`). */
  size: number | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#timer = new RetryTimer(options.retry ?? DEFAULT_RETRY, options.wanted?.timeoutSeconds);
    this.#reply = encodeRequest({
      kind: "read",
      path: options.path,
      mode: options.mode ?? "octet",
      options: wantedOptions(options.wanted ?? {}),
    });
  }

  start(now: number): void {
    this.#timer.begin(now);
    this.#send(now);
  }

  receive(datagram: Uint8Array, now: number): void {
    if (this.outcome !== undefined && this.outcome.kind !== "completed") return;
    let packet: Packet;
    try {
      packet = decodePacket(datagram);
    } catch {
      return;
    }
    if (packet.kind === "data") this.#data(packet.block, packet.payload, now);
    else if (this.outcome !== undefined) return;
    else if (packet.kind === "oack") this.#oack(packet, now);
    else if (packet.kind === "error") this.#finish({ kind: "refused", code: packet.code, message: packet.message });
    else this.#illegal(ErrorCode.illegalOperation, `${packet.kind} is not expected by a reading client`);
  }

  tick(now: number): void {
    if (this.outcome !== undefined || now < this.deadline) return;
    if (this.#timer.expired(now)) {
      this.#finish({ kind: "failed", reason: "timeout", message: `no answer after ${this.#timer.attempts} attempts` });
    } else if (this.#received > 0) this.#acknowledge(now);
    else this.#send(now);
  }

  #oack(packet: OptionAck, now: number): void {
    if (this.#received > 0 || this.#negotiated) {
      if (this.#received === 0) this.#send(now);
      return;
    }
    const terms = acceptOptionAck(this.#options.wanted ?? {}, packet.options);
    if (terms === undefined) {
      this.#illegal(ErrorCode.optionRefused, "the server granted options that were not asked for");
      return;
    }
    this.#negotiated = true;
    this.#blksize = terms.blksize;
    this.#windowsize = terms.windowsize;
    this.size = terms.size;
    this.#timer.progress(now, undefined);
    this.#acknowledge(now);
  }

  #data(block: number, payload: Uint8Array, now: number): void {
    const ahead = (block - this.#received) & 0xffff;
    if (this.outcome !== undefined) {
      if (ahead === 0) this.#options.transmit(this.#reply);
      return;
    }
    if (payload.length > this.#blksize) {
      this.#illegal(ErrorCode.illegalOperation, `DATA of ${payload.length} bytes, ${this.#blksize} were agreed`);
    } else if (ahead === 1) this.#next(payload, now);
    else if (ahead === 0 && this.#received > 0) this.#acknowledge(now);
    else if (ahead <= this.#windowsize && !this.#gapReported) {
      this.#gapReported = true;
      this.#acknowledge(now);
    }
  }

  #next(payload: Uint8Array, now: number): void {
    this.#received += 1;
    this.#inWindow += 1;
    this.#gapReported = false;
    this.#timer.progress(now, undefined);
    this.#options.deliver(payload);
    const last = payload.length < this.#blksize;
    if (last || this.#inWindow >= this.#windowsize) this.#acknowledge(now);
    else this.deadline = now + this.#timer.intervalMs;
    if (last) this.#finish({ kind: "completed" });
  }

  #acknowledge(now: number): void {
    this.#inWindow = 0;
    this.#reply = encodeAck(this.#received);
    this.#send(now);
  }

  #send(now: number): void {
    this.#options.transmit(this.#reply);
    this.deadline = now + this.#timer.intervalMs;
  }

  #illegal(code: number, message: string): void {
    this.#options.transmit(encodeError(code, message));
    this.#finish({ kind: "failed", reason: "illegal-packet", message });
  }

  #finish(outcome: ReceiveOutcome): void {
    this.outcome = outcome;
    this.deadline = Number.POSITIVE_INFINITY;
  }
}
