import type { Cause } from "./cause.ts";

export const internalError = {
  code: "internal-error",
  title: "The region met an error it does not know",
  meaning: "A request ran into a defect of the region. The region itself goes on.",
  blame: "rackwright",
  evidence: "The region's log holds the error with the number the answer names.",
  next: "Look for the number in the region's log, and report it.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
