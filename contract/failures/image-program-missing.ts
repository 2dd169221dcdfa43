import type { Cause } from "./cause.ts";

export const imageProgramMissing = {
  code: "image-program-missing",
  title: "Programs for building images are missing",
  meaning: "Images are built with programs of the distribution, and some of them are not on this host.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Install the packages the answer names.",
  test: "images/host.test.ts",
} as const satisfies Cause;
