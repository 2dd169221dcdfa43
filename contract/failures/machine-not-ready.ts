import type { Cause } from "./cause.ts";

export const machineNotReady = {
  code: "machine-not-ready",
  title: "The machine cannot be allocated now",
  meaning: "A machine was asked for by name or id that is not ready: it is in use, new, or has failed.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Release or commission the machine, or leave the choice to the region.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
