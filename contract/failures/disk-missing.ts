import type { Cause } from "./cause.ts";

export const diskMissing = {
  code: "disk-missing",
  title: "A disk that is needed is not there",
  meaning:
    "The machine has no disk an operating system could be put on, or the disk the plan of the deployment names is not in the machine. The deployment is refused before the machine is touched, or ends before anything is written.",
  blame: "machine",
  evidence: "The disks that are there.",
  next: "Check the machine's disks and their controller, then commission it again.",
  test: "region/agent/agent.medium.test.ts",
} as const satisfies Cause;
