import type { Cause } from "./cause.ts";

export const imageUnusable = {
  code: "image-unusable",
  title: "The image has no root file system",
  meaning: "The image chosen for the deployment holds no root file system that could be put on a disk.",
  blame: "operator",
  evidence: "The roles of its files.",
  next: "Build the image again: rackwright images build",
  test: "region/storage/storage.test.ts",
} as const satisfies Cause;
