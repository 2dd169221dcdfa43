import type { Cause } from "./cause.ts";

export const networkNotApplied = {
  code: "network-not-applied",
  title: "The configured network could not be applied for a script",
  meaning:
    "A script asked to run with the network as the machine is configured to have it, and applying that configuration failed. The former network is restored and the other scripts go on.",
  blame: "operator",
  evidence: "What the program that applies the configuration printed last.",
  next: "Check the machine's network configuration and its cables, then run the tests again.",
  test: "region/scripts/agent-flow.medium.test.ts",
} as const satisfies Cause;
