import type { Cause } from "./cause.ts";

export const eraseAborted = {
  code: "erase-aborted",
  title: "The erasing of the disks was aborted",
  meaning:
    "An operator ended the erasing before it was done. What was on the disks may still be there, so the machine is not given to anybody.",
  blame: "operator",
  evidence: "Who aborted it, and the comment they gave.",
  next: "Release the machine with erase again; or release it without, if what is on its disks does not matter.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
