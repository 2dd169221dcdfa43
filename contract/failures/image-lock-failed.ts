import type { Cause } from "./cause.ts";

export const imageLockFailed = {
  code: "image-lock-failed",
  title: "The lock for building images cannot be taken",
  meaning: "Two builds at once would spoil each other, and the file that prevents it could not be locked.",
  blame: "outside",
  evidence: "The end of the output of flock.",
  next: "Check that the program flock (package util-linux) is there and that the folder can be written to.",
  test: "images/lock.test.ts",
} as const satisfies Cause;
