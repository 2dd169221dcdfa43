import type { Cause } from "./cause.ts";

export const storageFailed = {
  code: "storage-failed",
  title: "A disk could not be prepared",
  meaning: "Partitioning, formatting, mounting or unmounting a disk failed on the machine.",
  blame: "machine",
  evidence: "The program and the end of its output.",
  next: "Check the disk's health (SMART), then deploy again.",
  test: "agent/failures.test.ts",
} as const satisfies Cause;
