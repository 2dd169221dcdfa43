/** Edits (a letter more, less, changed, or two exchanged) that make one word of another: optimal string alignment. */
function edits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        ...(swapped ? [(beforeLast[column - 2] ?? 0) + 1] : []),
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

const longest = 100;

/**
 * The one of `known` a mistyped word most likely means: at most a third of its letters differ, or it is the beginning of
 * just one. Undefined where none is near.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  if (typed === "" || typed.length > longest) return undefined;
  let found: { value: string; distance: number } | undefined;
  const beginnings: string[] = [];
  for (const value of known) {
    const candidate = value.toLowerCase();
    if (typed.length >= 3 && candidate.startsWith(typed)) beginnings.push(value);
    if (Math.abs(candidate.length - typed.length) > Math.max(typed.length, 3) / 3) continue;
    const distance = edits(typed, candidate);
    if (distance <= Math.max(typed.length, 3) / 3 && distance < (found?.distance ?? Infinity))
      found = { value, distance };
  }
  return beginnings.length === 1 ? beginnings[0] : found?.value;
}
