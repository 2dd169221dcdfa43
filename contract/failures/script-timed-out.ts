import type { Cause } from "./cause.ts";

export const scriptTimedOut = {
  code: "script-timed-out",
  title: "A script ran longer than it may",
  meaning: "A script on the machine was stopped at the end of its time.",
  blame: "machine",
  evidence: "What the machine gave as reason is in the sentence.",
  next: "Look at the machine's events, script results and console, then try again.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
