import type { Cause } from "./cause.ts";

export const signalledFailure = {
  code: "signalled-failure",
  title: "The machine signalled that it failed",
  meaning: "A script runner on the machine ended with the signal FAILED.",
  blame: "machine",
  evidence: "What the machine gave as reason is in the sentence.",
  next: "Look at the machine's events, script results and console, then try again.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
