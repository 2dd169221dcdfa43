import type { Cause } from "./cause.ts";

export const bmcSettings = {
  code: "bmc-settings",
  title: "The power settings of the machine are wrong",
  meaning: "A power parameter is missing or cannot be, or the BMC does not speak what the settings ask for.",
  blame: "operator",
  evidence: "Each bad setting with what is allowed (never the value of a secret), or the exchange with the BMC.",
  next: "Correct the power parameters of the machine.",
  test: "rack/power/service.test.ts",
} as const satisfies Cause;
