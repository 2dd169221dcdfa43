import type { ScriptStatus } from "@rackwright/contract";

export type ResultWords = { code: number; name: string };

/** How a run of a script stands, in MAAS's numbers and words. */
export const resultWords: Readonly<Record<ScriptStatus, ResultWords>> = {
  pending: { code: 0, name: "Pending" },
  running: { code: 1, name: "Running" },
  passed: { code: 2, name: "Passed" },
  failed: { code: 3, name: "Failed" },
  "timed out": { code: 4, name: "Timed out" },
  aborted: { code: 5, name: "Aborted" },
  degraded: { code: 6, name: "Degraded" },
  "installing dependencies": { code: 7, name: "Installing dependencies" },
  "failed installing dependencies": { code: 8, name: "Failed installing dependencies" },
  skipped: { code: 9, name: "Skipped" },
  "applying network configuration": { code: 10, name: "Applying custom network configuration" },
  "failed applying network configuration": { code: 11, name: "Failed to apply custom network configuration" },
};

/** Of nothing that ran. */
export const nothingRan: ResultWords = { code: -1, name: "Unknown" };

const order: readonly { any: readonly ScriptStatus[]; is: ScriptStatus }[] = [
  { any: ["running", "applying network configuration", "installing dependencies"], is: "running" },
  { any: ["pending"], is: "pending" },
  { any: ["aborted"], is: "aborted" },
  {
    any: ["failed", "failed applying network configuration", "failed installing dependencies", "timed out"],
    is: "failed",
  },
  { any: ["degraded"], is: "degraded" },
];

/** What several runs come to: the first that fits of running, pending, aborted, failed, degraded; else passed. */
export function aggregate(statuses: readonly ScriptStatus[]): ResultWords {
  if (statuses.length === 0) return nothingRan;
  const found = order.find(({ any }) => statuses.some((status) => any.includes(status)));
  return resultWords[found?.is ?? "passed"];
}
