import type { Cause } from "./cause.ts";

export const architectureUnknown = {
  code: "architecture-unknown",
  title: "The machine's processor is of no known kind",
  meaning: "The ephemeral system runs on a processor Rackwright has no name for.",
  blame: "machine",
  evidence: "None; the sentence says it all.",
  next: "Take the machine off this network, or ask for support of this architecture.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
