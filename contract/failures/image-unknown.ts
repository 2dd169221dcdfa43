import type { Cause } from "./cause.ts";

export const imageUnknown = {
  code: "image-unknown",
  title: "There is no image of this name to build",
  meaning: "The name is that of none of the recipes that come with Rackwright.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "rackwright images list names those there are.",
  test: "images/build.test.ts",
} as const satisfies Cause;
