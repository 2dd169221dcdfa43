import type { Cause } from "./cause.ts";

export const noMachineAvailable = {
  code: "no-machine-available",
  title: "No ready machine fits",
  meaning: "None of the machines that are ready has what was asked for.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Release or commission a machine, or ask for less.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
