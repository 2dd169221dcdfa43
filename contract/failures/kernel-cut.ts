import type { Cause } from "./cause.ts";

export const kernelCut = {
  code: "kernel-cut",
  title: "The transfer of the system broke off",
  meaning:
    "The machine began to fetch the kernel, the initrd or the root file system of the ephemeral system and never got to the end of it: the network broke, the machine ran out of memory, or it stopped.",
  blame: "machine",
  evidence: "The requests for the file, and how they ended.",
  next: "Check the network between machine and rack and the machine's memory, and look at its console.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
