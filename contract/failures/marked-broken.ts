import type { Cause } from "./cause.ts";

export const markedBroken = {
  code: "marked-broken",
  title: "An operator marked the machine broken",
  meaning:
    "Somebody decided that this machine shall not be used. It was switched off and nobody can allocate it. A system that was deployed on it is still on its disks.",
  blame: "operator",
  evidence: "Who marked it, and the comment they gave.",
  next: "Repair the machine, then mark it fixed; or commission or test it again.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
