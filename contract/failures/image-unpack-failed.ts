import type { Cause } from "./cause.ts";

export const imageUnpackFailed = {
  code: "image-unpack-failed",
  title: "The image could not be unpacked",
  meaning: "The root file system arrived whole, but writing its files to the disk failed.",
  blame: "machine",
  evidence: "The program and the end of its output.",
  next: "Check the disk's health (SMART), then deploy again.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
