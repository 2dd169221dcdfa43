import type { Cause } from "./cause.ts";

export const rootImageNotFetched = {
  code: "root-image-not-fetched",
  title: "The kernel started and fetched no root file system",
  meaning:
    "The machine fetched kernel and initrd, and the initrd never asked for the root file system: the kernel has no driver for the network card, stopped, or got no address.",
  blame: "machine",
  evidence: "The files the machine fetched.",
  next: "Look at the machine's console: the kernel may lack a driver for its network card, or may have stopped.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
