import type { Cause } from "./cause.ts";

export const notInstalled = {
  code: "not-installed",
  title: "The installation has not finished",
  meaning:
    "The machine asked for its user data as an installed system does, while its installation was still going on.",
  blame: "machine",
  evidence: "The machine's status.",
  next: "Wait for the installation to finish.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
