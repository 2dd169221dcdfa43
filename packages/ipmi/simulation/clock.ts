import type { Timers } from "../client/world.ts";

/** A clock for tests: time passes only while {@link VirtualClock.drive} waits for something. */
export interface VirtualClock extends Timers {
  /** Lets time pass from timer to timer until the promise settles. Throws when nothing could ever settle it. */
  drive<T>(promise: Promise<T>): Promise<T>;
  advance(milliseconds: number): void;
}

export function createVirtualClock(): VirtualClock {
  let time = 1_700_000_000_000;
  let serial = 0;
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>();
  const turn = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  const fireNext = (): boolean => {
    const next = [...timers].reduce<[number, { at: number; run: () => void }] | undefined>(
      (best, entry) => (best === undefined || entry[1].at < best[1].at ? entry : best),
      undefined,
    );
    if (next === undefined) return false;
    timers.delete(next[0]);
    time = Math.max(time, next[1].at);
    next[1].run();
    return true;
  };
  return {
    now: () => time,
    after(milliseconds, run) {
      const id = (serial += 1);
      timers.set(id, { at: time + milliseconds, run });
      return () => timers.delete(id);
    },
    advance(milliseconds) {
      time += milliseconds;
    },
    async drive<T>(promise: Promise<T>): Promise<T> {
      let settled = false;
      const watched = promise.finally(() => {
        settled = true;
      });
      watched.catch(() => {});
      for (let idle = 0; idle < 20;) {
        await turn();
        if (settled) return watched;
        idle = fireNext() ? 0 : idle + 1;
      }
      throw new Error("hang: nothing under way could settle the promise");
    },
  };
}
