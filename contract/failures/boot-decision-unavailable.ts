import type { Cause } from "./cause.ts";

export const bootDecisionUnavailable = {
  code: "boot-decision-unavailable",
  title: "What the machine boots is not known now",
  meaning:
    "A network card asks to boot while no region answers and the rack remembers no answer for it. It gets none, rather than a wrong one, and asks again.",
  blame: "outside",
  evidence: "None; the sentence says it all.",
  next: "Check that a region is running and linked to this rack (GET /api/v1/racks).",
  test: "rack/dhcp/failures.test.ts",
} as const satisfies Cause;
