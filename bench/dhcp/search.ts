/** One trial at a rate: did it hold, and what was reached. */
export interface Trial {
  held: boolean;
  reached: number;
}

/** Bounds of a search. */
export interface SearchLimits {
  first: number;
  most: number;
  /** The search ends when the gap between a rate that held and one that did not is below this share. */
  precision: number;
}

/**
 * The highest rate that holds: doubles until a trial fails, then halves the gap. One failure at a rate is tried again
 * once, for a neighbour on the same host may have been busy. Answers what was reached at the best rate that held.
 */
export async function highestRate(trial: (rate: number) => Promise<Trial>, limits: SearchLimits): Promise<number> {
  const twice = async (rate: number): Promise<Trial> => {
    const first = await trial(rate);
    return first.held ? first : trial(rate);
  };
  let held = 0;
  let best = 0;
  let failed = Number.POSITIVE_INFINITY;
  let rate = limits.first;
  while (rate <= limits.most && failed / Math.max(held, 1) > 1 + limits.precision) {
    const { held: holds, reached } = await twice(rate);
    if (holds) {
      held = rate;
      best = Math.max(best, reached);
    } else failed = rate;
    rate = failed === Number.POSITIVE_INFINITY ? rate * 2 : Math.round((held + failed) / 2);
    if (rate < 10) break;
  }
  return Math.round(best);
}
