import type { Cause } from "./cause.ts";

export const disksNotErased = {
  code: "disks-not-erased",
  title: "The disks still have to be erased",
  meaning:
    "The machine was to be released with its disks erased. That was interrupted, and something else would have made the machine ready since. What its last owner wrote may still be on its disks, so it is given to nobody.",
  blame: "operator",
  evidence: "The machine's earlier events.",
  next: "Release the machine with erase; or release it without, if what is on its disks does not matter.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
