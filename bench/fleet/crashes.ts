import type { Crashing, FleetSite } from "./site.ts";

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
