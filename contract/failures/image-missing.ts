import type { Cause } from "./cause.ts";

export const imageMissing = {
  code: "image-missing",
  title: "The image to deploy is not in the image store",
  meaning:
    "The operating system chosen for the deployment was removed, or never was there for the machine's architecture.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Build or upload it (rackwright images list shows what is there), then deploy the machine again.",
  test: "region/agent/agent.medium.test.ts",
} as const satisfies Cause;
