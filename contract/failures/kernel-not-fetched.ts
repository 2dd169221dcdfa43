import type { Cause } from "./cause.ts";

export const kernelNotFetched = {
  code: "kernel-not-fetched",
  title: "The machine was told what to boot and fetched no kernel",
  meaning:
    "The boot loader got its script and never fetched kernel and initrd: the machine does not reach the rack over HTTP, or the loader cannot do what the script says.",
  blame: "machine",
  evidence: "The rule that told it what to boot.",
  next: "Check that the machine reaches the rack on TCP port 5248, and its firmware's Secure Boot setting.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
