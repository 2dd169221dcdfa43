import type { Cause } from "./cause.ts";

export const powerError = {
  code: "power-error",
  title: "A power command failed in a way nobody expected",
  meaning: "Between the region and the BMC something went wrong that has no name.",
  blame: "rackwright",
  evidence: "None; the sentence says it all.",
  next: "Look at the log of the region and of the rack.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
