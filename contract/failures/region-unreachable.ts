import type { Cause } from "./cause.ts";

export const regionUnreachable = {
  code: "region-unreachable",
  title: "The rack cannot reach a region",
  meaning:
    "No region takes the rack's connections. Known machines keep their addresses and what they boot; new ones wait.",
  blame: "outside",
  evidence: "Each region that was tried with the error.",
  next: "Check that a region is running and that this rack can reach it; machines wait and ask again.",
  test: "test/wrong/cut-off.large.test.ts",
} as const satisfies Cause;
