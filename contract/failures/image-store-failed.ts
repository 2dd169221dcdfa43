import type { Cause } from "./cause.ts";

export const imageStoreFailed = {
  code: "image-store-failed",
  title: "A rack cannot write to its image store",
  meaning: "Writing a file of an image failed, and not for want of space.",
  blame: "outside",
  evidence: "The error is in the sentence.",
  next: "Check the disk and the permissions of the rack's state folder.",
  test: "rack/images/store.test.ts",
} as const satisfies Cause;
