import type { Cause } from "./cause.ts";

export const bmcRefused = {
  code: "bmc-refused",
  title: "The BMC refuses the command",
  meaning: "The BMC understood the command and will not carry it out.",
  blame: "machine",
  evidence: "The exchange with the completion code in words.",
  next: "Look at the BMC's own page for what it allows; restart the BMC if it refuses what it took before.",
  test: "rack/power/service.test.ts",
} as const satisfies Cause;
