import type { Cause } from "./cause.ts";

export const bmcUnreachable = {
  code: "bmc-unreachable",
  title: "The BMC does not answer",
  meaning:
    "No packet of the BMC came back, or its name has no address. Wrong address, no power, a cable, a firewall between rack and BMC.",
  blame: "outside",
  evidence: "Each command with how often it was sent and to where.",
  next: "Check the BMC's address, its cable and power, and that the rack reaches it on UDP 623.",
  test: "test/wrong/power.large.test.ts",
} as const satisfies Cause;
