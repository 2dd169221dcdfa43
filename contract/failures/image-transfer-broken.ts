import type { Cause } from "./cause.ts";

export const imageTransferBroken = {
  code: "image-transfer-broken",
  title: "The transfer of the image broke off",
  meaning:
    "The connection between machine and rack ended or stood still in the middle of the root file system, and trying again did not help.",
  blame: "outside",
  evidence: "The request and the last lines of curl.",
  next: "Check the network between machine and rack and the rack's events, then deploy again.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
