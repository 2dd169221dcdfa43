import type { Cause } from "./cause.ts";

export const macTaken = {
  code: "mac-taken",
  title: "The MAC address belongs to another machine",
  meaning:
    "A machine was to be made known with a network card that another machine has. Cards are what machines are told apart by, so no two can have one.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Delete the other machine if it is the same one, or correct the address.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
