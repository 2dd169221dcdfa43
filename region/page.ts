/** What of a list is shown at once, and the cursor of what follows; null at its end. */
export type Page<T> = { items: T[]; next: string | null };

/**
 * The page of rows that were asked for in their order, one more than fits on it.
 *
 * @param cursorOf what names a row as the last one seen
 */
export function cutPage<T>(rows: readonly T[], limit: number, cursorOf: (row: T) => string | number): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? String(cursorOf(last)) : null };
}

/** A page with each of its items as it is shown. */
export const showPage = <T, S>({ items, next }: Page<T>, shown: (item: T) => S): Page<S> => ({
  items: items.map(shown),
  next,
});
