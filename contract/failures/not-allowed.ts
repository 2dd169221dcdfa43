import type { Cause } from "./cause.ts";

export const notAllowed = {
  code: "not-allowed",
  title: "The one who asks may not do this",
  meaning:
    "The user, machine or address is known, but this is for others: an administrator, the owner of the machine, or the machine itself.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Ask the owner of the machine or an administrator.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
