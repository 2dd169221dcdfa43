import type { Cause } from "./cause.ts";

export const imageLoaderMissing = {
  code: "image-loader-missing",
  title: "A package no longer holds a boot loader",
  meaning: "A boot loader was expected in a package of the distribution, but the distribution has moved the file.",
  blame: "rackwright",
  evidence: "None; the sentence says it all.",
  next: "Report this together with the versions of these packages.",
  test: "images/build.test.ts",
} as const satisfies Cause;
