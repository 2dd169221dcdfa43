import { countedAddress } from "./counted-address.ts";

/** How many may come at once, and how many a second in the long run. */
export type Rate = { burst: number; perSecond: number };

/** Keys remembered; the oldest are forgotten first, so that a flood of addresses cannot fill the memory. */
const remembered = 10_000;

/** Limits how often something is done per key, such as an address: a bucket of `burst` that fills again by `perSecond`. */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes one; of IPv6 addresses those of one /64 are one key. Seconds to wait where there is none left, 0 when it was taken. */
  take(from: string, now: Date): number {
    const key = countedAddress(from);
    const { burst, perSecond } = this.#rate;
    const at = now.getTime();
    const known = this.#buckets.get(key);
    const left = known ? Math.min(burst, known.left + (Math.max(0, at - known.at) / 1000) * perSecond) : burst;
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: left >= 1 ? left - 1 : left, at });
    if (this.#buckets.size > remembered) this.#buckets.delete(this.#buckets.keys().next().value ?? key);
    return left >= 1 ? 0 : Math.ceil((1 - left) / perSecond);
  }
}
