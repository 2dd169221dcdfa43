import type { Cause } from "./cause.ts";

export const cloudinitFailed = {
  code: "cloudinit-failed",
  title: "cloud-init reported that it failed",
  meaning:
    "A stage of cloud-init ended in failure on the machine: in the installed system, or the stage that runs the agent in the ephemeral system.",
  blame: "machine",
  evidence: "What cloud-init said of the stage.",
  next: "Look at the machine's cloudinit.progress events and its console for the step that failed, then try again.",
  test: "region/metadata/reporting.medium.test.ts",
} as const satisfies Cause;
