import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

/** What the fleet needs besides its sockets. */
export interface FleetWorld {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects with an AbortError when the machine's power goes meanwhile. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  random(count: number): Uint8Array;
}

export const realFleetWorld: FleetWorld = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
  random: (count) => randomBytes(count),
};

/** Never ends but with the machine's power: rejects then. */
export function standStill(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new DOMException("the power is off", "AbortError"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Asks until somebody is there to answer, as cloud-init and the agent do of a rack or region that is away: no answer, or
 * one of 5xx, is asked again after a second. Rejects with the last error, or with the power.
 */
export async function patiently<T extends { readonly status: number }>(
  { world, signal }: { readonly world: FleetWorld; readonly signal: AbortSignal },
  ask: () => Promise<T>,
): Promise<T> {
  for (let left = mostTries; ; left -= 1) {
    try {
      const answer = await ask();
      if (answer.status < 500 || left === 0) return answer;
    } catch (error) {
      if (signal.aborted || left === 0) throw error;
    }
    await world.sleep(retryMilliseconds, signal);
  }
}

const retryMilliseconds = 1000;
const mostTries = 120;
