/** Failed attempts allowed for one key within the window. */
const allowed = 10;
const windowMillis = 5 * 60_000;
/** Keys remembered; the oldest are forgotten first, so that a flood of names cannot fill the memory. */
const remembered = 10_000;

/** Counts failed log-ins per key (a name, an address) and says when there were too many. */
export class LoginLimiter {
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** Seconds to wait before the key may try again, 0 when it may now. */
  wait(key: string, now: Date): number {
    const entry = this.#failures.get(key);
    if (!entry || entry.until <= now.getTime() || entry.count < allowed) return 0;
    return Math.ceil((entry.until - now.getTime()) / 1000);
  }

  failed(key: string, now: Date): void {
    const entry = this.#failures.get(key);
    const count = entry && entry.until > now.getTime() ? entry.count + 1 : 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, until: now.getTime() + windowMillis });
    if (this.#failures.size > remembered) this.#failures.delete(this.#failures.keys().next().value ?? key);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
