import type { Cause } from "./cause.ts";

export const bmcMalformed = {
  code: "bmc-malformed",
  title: "What answers is no BMC, or a broken one",
  meaning: "Something at the BMC's address answers, but not with IPMI that can be read.",
  blame: "machine",
  evidence: "How many packets were sent and what was wrong with the answers.",
  next: "Check that the address is the BMC's; restart the BMC, and bring its firmware up to date.",
  test: "test/wrong/power.large.test.ts",
} as const satisfies Cause;
