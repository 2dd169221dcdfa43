import type { Cause } from "./cause.ts";

export const imageUnavailable = {
  code: "image-unavailable",
  title: "The rack has no such image to give",
  meaning:
    "The machine asked its rack for the root file system to install, and was refused: the rack's store is full, or it is still fetching.",
  blame: "outside",
  evidence: "The request and the answer.",
  next: "Look at the rack's events: its image store may be full or still fetching; then deploy again.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
