import type { ApiClient } from "@rackwright/cli";
import { machine, type Machine } from "@rackwright/contract";

/** All machines of a region, listed again and again. */
export interface Table extends AsyncDisposable {
  /**
   * The machine with this card, as a list that was begun after this call shows it; undefined where it is on none yet.
   * Waits for as long as no region answers. Rejects once `seconds` went by.
   */
  look(mac: string, seconds: number): Promise<Machine | undefined>;
}

const pauseMilliseconds = 300;

/** Begins to list machines, whatever becomes of the region meanwhile. */
export function listMachines(client: ApiClient): Table {
  const stop = new AbortController();
  const state = { waiting: new Set<(all: ReadonlyMap<string, Machine>) => void>() };

  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const asked = state.waiting;
      state.waiting = new Set();
      try {
        const all = new Map<string, Machine>();
        if (asked.size > 0)
          for await (const one of client.all("/api/v1/machines?limit=500", machine))
            for (const mac of one.macs) all.set(mac, one);
        for (const answer of asked) answer(all);
      } catch {
        // Nobody is there to answer: they are asked again.
        for (const answer of asked) state.waiting.add(answer);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  };
  const following = follow();

  return {
    look: (mac, seconds) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no list of machines within ${seconds} s`)), seconds * 1000);
        state.waiting.add((all) => {
          clearTimeout(timer);
          resolve(all.get(mac));
        });
      }),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await following;
    },
  };
}
