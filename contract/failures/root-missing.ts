import type { Cause } from "./cause.ts";

export const rootMissing = {
  code: "root-missing",
  title: "No filesystem is mounted at /",
  meaning:
    "The machine's storage is configured without a root filesystem, so there is nothing to install a system on. The layout 'blank' leaves it so. The deployment is refused before the machine is touched.",
  blame: "operator",
  evidence: "None.",
  next: "Set the storage layout 'flat', or mount a filesystem at /, then deploy again.",
  test: "region/storage/storage.test.ts",
} as const satisfies Cause;
