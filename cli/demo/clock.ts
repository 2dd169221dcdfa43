/** Seconds since the demo began, and how they are printed. */
export interface Stopwatch {
  seconds(): number;
  stamp(): string;
}

export function stopwatch(now: () => number): Stopwatch {
  const started = now();
  const seconds = (): number => (now() - started) / 1000;
  return {
    seconds,
    stamp: () => {
      const whole = Math.floor(seconds());
      return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
    },
  };
}
