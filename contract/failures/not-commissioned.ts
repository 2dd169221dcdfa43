import type { Cause } from "./cause.ts";

export const notCommissioned = {
  code: "not-commissioned",
  title: "Nothing is known of the machine's hardware",
  meaning: "Tests run on the disks and network cards that commissioning found. This machine was never commissioned.",
  blame: "operator",
  evidence: "The machine's status.",
  next: "Commission it.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;
