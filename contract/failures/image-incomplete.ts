import type { Cause } from "./cause.ts";

export const imageIncomplete = {
  code: "image-incomplete",
  title: "Files of an image are missing or damaged",
  meaning:
    "A file an image needs is not in the region's store, has another size or other contents. The image is not offered until it is whole.",
  blame: "outside",
  evidence: "Each file with what is wrong with it.",
  next: "Build or import the image again.",
  test: "test/wrong/image-damaged.large.test.ts",
} as const satisfies Cause;
