import type { Cause } from "./cause.ts";

export const architectureMismatch = {
  code: "architecture-mismatch",
  title: "The image is made for another architecture",
  meaning:
    "The operating system chosen for the deployment cannot run on this machine. The deployment is refused before the machine is touched.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Choose an image for the machine's architecture (rackwright images list).",
  test: "region/storage/storage.test.ts",
} as const satisfies Cause;
