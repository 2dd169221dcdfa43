import type { Cause } from "./cause.ts";

export const bootLoaderFailed = {
  code: "boot-loader-failed",
  title: "The boot loader could not be installed",
  meaning: "Everything is on the disk, but GRUB, run inside the new system, failed.",
  blame: "machine",
  evidence: "The program and the end of its output.",
  next: "Check that the image carries GRUB for this firmware, then deploy again.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
