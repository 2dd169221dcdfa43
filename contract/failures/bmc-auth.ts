import type { Cause } from "./cause.ts";

export const bmcAuth = {
  code: "bmc-auth",
  title: "The BMC refuses user or password",
  meaning:
    "The BMC answers, but does not know the user, has another password or K_g for it, or gives it too few rights. Trying again would not help, so the machine fails at once.",
  blame: "operator",
  evidence: "The exchange up to the refusal, without the password.",
  next: "Check user, password, K_g and privilege level in the machine's power parameters against the BMC's own settings.",
  test: "test/wrong/power.large.test.ts",
} as const satisfies Cause;
