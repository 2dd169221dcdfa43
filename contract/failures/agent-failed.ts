import type { Cause } from "./cause.ts";

export const agentFailed = {
  code: "agent-failed",
  title: "The agent failed without a reason",
  meaning: "The program on the machine reported that it failed, and did not say why.",
  blame: "rackwright",
  evidence: "None; the sentence says it all.",
  next: "Look at the machine's events and console, then try again.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
