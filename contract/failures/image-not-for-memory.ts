import type { Cause } from "./cause.ts";

export const imageNotForMemory = {
  code: "image-not-for-memory",
  title: "The image cannot run from memory",
  meaning:
    "To run from memory an image needs a kernel and an initrd of its own beside its root file system, since only they fit the drivers in it. This image has none.",
  blame: "operator",
  evidence: "The files the image has.",
  next: "Build the image anew (rackwright images build), choose another one, or deploy to the disk.",
  test: "region/boot/memory.test.ts",
} as const satisfies Cause;
