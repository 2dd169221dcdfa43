import type { Cause } from "./cause.ts";

export const noPowerDriver = {
  code: "no-power-driver",
  title: "The machine has no power driver",
  meaning: "The machine's power is switched by hand, so no power command can be sent.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Set power_driver and power_parameters of the machine, or switch it by hand.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;
