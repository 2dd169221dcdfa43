import type { Cause } from "./cause.ts";

export const imageSizeMismatch = {
  code: "image-size-mismatch",
  title: "An image came with a wrong size",
  meaning: "The region sent more or fewer bytes of a file than it had announced. The file was thrown away.",
  blame: "outside",
  evidence: "None; the sentence says it all.",
  next: "Try again; if it happens again, import the image again on the region.",
  test: "rack/images/store.test.ts",
} as const satisfies Cause;
