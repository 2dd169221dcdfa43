/** What a benchmark found: figures of each contestant and how ours compares. Ratios above 1 mean ours is faster. */
export interface BenchResult {
  readonly name: string;
  readonly unit: string;
  readonly results: Readonly<Record<string, number>>;
  readonly ratios: Readonly<Record<string, number>>;
}

/** Ours over each peer's figure, to two decimals; peers without a figure are left out. */
export function ratiosTo(
  ours: number,
  results: Readonly<Record<string, number>>,
  peers: readonly string[],
): Record<string, number> {
  if (ours === 0) return {};
  return Object.fromEntries(
    peers
      .filter((peer) => (results[peer] ?? 0) > 0)
      .map((peer) => [peer, Math.round((ours / (results[peer] ?? 1)) * 100) / 100]),
  );
}
