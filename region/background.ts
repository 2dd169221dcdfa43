import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./log.ts";

/** Does something again and again with a pause between, whatever becomes of it, until stopped. */
export function repeat(
  name: string,
  milliseconds: number,
  work: () => Promise<unknown>,
  log: Log,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await work().catch((error: unknown) => log.warn({ work: name, error: String(error) }, "background work failed"));
      await sleep(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
