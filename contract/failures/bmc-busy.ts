import type { Cause } from "./cause.ts";

export const bmcBusy = {
  code: "bmc-busy",
  title: "The BMC cannot take the command now",
  meaning: 'All sessions of the BMC are in use, it says "later", or another command for the same BMC is under way.',
  blame: "machine",
  evidence: "The exchange with the BMC.",
  next: "Wait a minute and close other tools that talk to this BMC; then try again.",
  test: "rack/power/service.test.ts",
} as const satisfies Cause;
