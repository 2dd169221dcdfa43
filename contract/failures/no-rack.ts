import type { Cause } from "./cause.ts";

export const noRack = {
  code: "no-rack",
  title: "No rack is connected",
  meaning:
    "A machine's BMC can only be asked through a rack, and none is linked to the region. The command waits until one comes, or its deadline.",
  blame: "outside",
  evidence: "None; the sentence says it all.",
  next: "Start a rack controller, or look at its log: GET /api/v1/racks shows which ones are known.",
  test: "region/power/worker.medium.test.ts",
} as const satisfies Cause;
