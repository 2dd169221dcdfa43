/** What a run of tests came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** Counts from the closing lines of a TAP report of Node's test runner. A report without them counts as one failure. */
export function countsOf(tap: string): Counts {
  const last = (name: string): number | null => {
    const value = [...tap.matchAll(new RegExp(`^# ${name} (\\d+)$`, "gm"))].at(-1)?.[1];
    return value === undefined ? null : Number(value);
  };
  const passed = last("pass");
  if (passed === null) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed,
    failed: (last("fail") ?? 0) + (last("cancelled") ?? 0),
    skipped: (last("skipped") ?? 0) + (last("todo") ?? 0),
  };
}

/** The line that closes every run. */
export function closingLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
