import type { Cause } from "./cause.ts";

export const diskTooSmall = {
  code: "disk-too-small",
  title: "No disk is large enough",
  meaning:
    "The image does not fit on any disk of the machine that could take it. Most often the deployment is refused before the machine is touched; where the image turns out larger when unpacked, it ends there.",
  blame: "machine",
  evidence:
    "Each disk with its size or why it does not count, or the end of the output of the program that ran out of space.",
  next: "Choose a machine with a larger disk, or commission this one again after changing its disks.",
  test: "agent/install/unpack.large.test.ts",
} as const satisfies Cause;
