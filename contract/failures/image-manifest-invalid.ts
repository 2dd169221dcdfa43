import type { Cause } from "./cause.ts";

export const imageManifestInvalid = {
  code: "image-manifest-invalid",
  title: "The description of an image cannot be read",
  meaning:
    "A manifest in the region's image store is cut short or holds what cannot be. The image is left out; others are served.",
  blame: "outside",
  evidence: "What is wrong is in the sentence.",
  next: "Build the image again, or remove the manifest from the image store.",
  test: "test/wrong/image-damaged.large.test.ts",
} as const satisfies Cause;
