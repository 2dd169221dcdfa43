import type { Cause } from "./cause.ts";

export const subnetOverlap = {
  code: "subnet-overlap",
  title: "A rack's interface overlaps another subnet",
  meaning:
    "A rack has an interface whose network contains, or lies within, a subnet that is known with another prefix length. The interface is not served.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Correct the prefix length of the rack's interface, or delete the other subnet.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
