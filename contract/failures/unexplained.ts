import type { Cause } from "./cause.ts";

export const unexplained = {
  code: "unexplained",
  title: "A failure was reported without a reason",
  meaning: "The machine or its runner reported that its work failed, and said nothing of why.",
  blame: "machine",
  evidence: "What was reported.",
  next: "Look at the machine's events and at its console.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
