import type { Cause } from "./cause.ts";

export const packagesNotInstalled = {
  code: "packages-not-installed",
  title: "Packages of a script could not be installed",
  meaning:
    "A script's header names packages that the machine could not install or fetch before running it, so it did not run.",
  blame: "outside",
  evidence: "What the installing program printed last.",
  next: "Check that the machine reaches the package mirror, and the names of the packages in the script's header.",
  test: "region/scripts/agent-flow.medium.test.ts",
} as const satisfies Cause;
