import type { Cause } from "./cause.ts";

export const scriptFailed = {
  code: "script-failed",
  title: "A script on the machine failed",
  meaning:
    "A commissioning, testing or release script ended with a failure that counts: its exit status was not zero, or its result file said so. All scripts run to their end before the machine is judged.",
  blame: "machine",
  evidence: "Each failed script with its exit status and the last lines of its output.",
  next: "Read the whole output (rackwright machines results MACHINE --output NAME), mend the machine or the script, and start again; or suppress the result when it does not matter.",
  test: "region/scripts/agent-flow.medium.test.ts",
} as const satisfies Cause;
