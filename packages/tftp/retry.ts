/** When to send again and when to stop. All times in milliseconds. */
export interface RetryPolicy {
  /** First interval, before any round trip was measured. */
  readonly initialMs: number;
  /** Bounds of the measured interval. */
  readonly minMs: number;
  readonly maxMs: number;
  /** A transfer ends when it made no progress for this long and was retried `attempts` times. */
  readonly giveUpMs: number;
  readonly attempts: number;
}

export const DEFAULT_RETRY: RetryPolicy = { initialMs: 1000, minMs: 100, maxMs: 5000, giveUpMs: 20_000, attempts: 5 };

/**
 * Retransmission interval in the manner of RFC 6298: smoothed round trip plus four deviations, doubled on
 * each silent interval. RFC 1123 §4.2.3.2 asks for adaptive timeouts. An interval the client negotiated
 * (RFC 2349) is used as it is until a round trip was measured and is the longest one afterwards: curl asks for 6 s, and
 * waiting that long for every lost packet would make a transfer over a bad line take hours.
 */
export class RetryTimer {
  readonly #policy: RetryPolicy;
  readonly #fixedMs: number | undefined;
  #smoothed: number | undefined;
  #deviation = 0;
  #attempts = 0;
  #lastProgress = 0;
  /** Shortest round trip seen; 0 until one was measured. */
  shortestMs = 0;

  constructor(policy: RetryPolicy, fixedSeconds?: number) {
    this.#policy = policy;
    this.#fixedMs = fixedSeconds === undefined ? undefined : fixedSeconds * 1000;
  }

  /** The peer moved on. @param roundTripMs undefined when retransmission made it ambiguous (Karn) */
  progress(now: number, roundTripMs: number | undefined): void {
    this.#attempts = 0;
    this.#lastProgress = now;
    if (roundTripMs === undefined) return;
    if (this.shortestMs === 0 || roundTripMs < this.shortestMs) this.shortestMs = roundTripMs;
    if (this.#smoothed === undefined) {
      this.#smoothed = roundTripMs;
      this.#deviation = roundTripMs / 2;
    } else {
      this.#deviation += (Math.abs(roundTripMs - this.#smoothed) - this.#deviation) / 4;
      this.#smoothed += (roundTripMs - this.#smoothed) / 8;
    }
  }

  begin(now: number): void {
    this.#lastProgress = now;
  }

  /** Count one silent interval; true when the peer must be given up. */
  expired(now: number): boolean {
    this.#attempts += 1;
    return this.#attempts > this.#policy.attempts && now - this.#lastProgress >= this.#policy.giveUpMs;
  }

  get attempts(): number {
    return this.#attempts;
  }

  get intervalMs(): number {
    const { initialMs, minMs } = this.#policy;
    const longest = this.#fixedMs ?? this.#policy.maxMs;
    const first = this.#fixedMs ?? initialMs;
    const base = this.#smoothed === undefined ? first : Math.max(minMs, this.#smoothed + 4 * this.#deviation);
    return Math.min(longest, base * 2 ** Math.min(this.#attempts, 10));
  }
}
