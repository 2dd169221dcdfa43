import type { Cause } from "./cause.ts";

export const notOwned = {
  code: "not-owned",
  title: "The machine belongs to nobody",
  meaning: "Only a machine that was given to somebody can be released.",
  blame: "operator",
  evidence: "The machine's status.",
  next: "Commission it, or mark it fixed.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
