import type { Cause } from "./cause.ts";

export const imageFetchFailed = {
  code: "image-fetch-failed",
  title: "A rack cannot fetch an image",
  meaning: "The rack could not get a file of an image from any region. Machines that need it are told to ask again.",
  blame: "outside",
  evidence: "The error is in the sentence.",
  next: "Check that a region is running and reachable from this rack.",
  test: "rack/images/store.test.ts",
} as const satisfies Cause;
