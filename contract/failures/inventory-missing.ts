import type { Cause } from "./cause.ts";

export const inventoryMissing = {
  code: "inventory-missing",
  title: "The machine never told what it is made of",
  meaning:
    "There is no inventory to plan an installation by: the machine was never commissioned, or its commissioning ended without one.",
  blame: "machine",
  evidence: "None; the sentence says it all.",
  next: "Commission the machine; if it happens again, look at its agent.log events.",
  test: "region/agent/agent.medium.test.ts",
} as const satisfies Cause;
