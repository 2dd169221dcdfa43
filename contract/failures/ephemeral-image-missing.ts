import type { Cause } from "./cause.ts";

export const ephemeralImageMissing = {
  code: "ephemeral-image-missing",
  title: "There is no ephemeral system for this architecture",
  meaning:
    "Machines of this architecture can be neither enlisted, commissioned nor deployed, since the system that does it is not in the image store. They get an address, but no boot file.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Build the images: rackwright images build",
  test: "test/wrong/stranger.large.test.ts",
} as const satisfies Cause;
