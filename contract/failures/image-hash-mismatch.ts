import type { Cause } from "./cause.ts";

export const imageHashMismatch = {
  code: "image-hash-mismatch",
  title: "An image is damaged",
  meaning:
    "What arrived of an image is not what its hash promises. It is thrown away, never used: by the rack that fetched it, or by the machine that was to install it.",
  blame: "outside",
  evidence: "The hash that was expected and what arrived.",
  next: "Verify the image on the region (rackwright images list), build it again if it is damaged; if it happens again, check the region's disk and the network.",
  test: "test/wrong/image-damaged.large.test.ts",
} as const satisfies Cause;
