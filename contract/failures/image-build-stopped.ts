import type { Cause } from "./cause.ts";

export const imageBuildStopped = {
  code: "image-build-stopped",
  title: "The build was stopped",
  meaning: "Somebody ended the build. Images that were finished are kept.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Build again: finished images are kept, the unfinished one starts over.",
  test: "images/build.test.ts",
} as const satisfies Cause;
