import type { Cause } from "./cause.ts";

export const imageBuildFailed = {
  code: "image-build-failed",
  title: "A program failed while an image was built",
  meaning: "One step of a recipe failed. Nothing half-built was kept.",
  blame: "outside",
  evidence: "The end of the output.",
  next: "The lines show why. Build again once that is put right; nothing half-built was kept.",
  test: "images/host.test.ts",
} as const satisfies Cause;
