import type { Crashing, FleetSite } from "./site.ts";

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const targets: readonly (readonly Crashing[])[] = [["region"], ["database"], ["region", "database"], ["rack"]];
const shortestPause = 2000;
const longestPause = 8000;

/**
 * Kills one program or two at a time, with random pauses between, until told to stop or `most` times. Answers what was
 * killed, in order.
 */
export async function crashAgainAndAgain(
  site: FleetSite,
  { random, most, signal }: { random: () => number; most: number; signal: AbortSignal },
): Promise<string[]> {
  const done: string[] = [];
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  while (done.length < most && !signal.aborted) {
    const pause = shortestPause + random() * (longestPause - shortestPause);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, pause))), stopped]);
    clearTimeout(timer);
    if (signal.aborted) break;
    const chosen = targets[Math.floor(random() * targets.length)] ?? ["region"];
    const killed = await Promise.all(chosen.map((program) => site.crash(program)));
    if (killed.includes(true)) done.push(chosen.join(" and "));
  }
  return done;
}
