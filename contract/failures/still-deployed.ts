import type { Cause } from "./cause.ts";

export const stillDeployed = {
  code: "still-deployed",
  title: "The machine still has a deployed system",
  meaning: "Commissioning would end what somebody deployed on the machine. It is refused while that system is there.",
  blame: "operator",
  evidence: "The machine's status.",
  next: "Release it, or mark it fixed, then ask again.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
