import type { Cause } from "./cause.ts";

export const bmcLies = {
  code: "bmc-lies",
  title: "The BMC took the command, and nothing happened",
  meaning: "The BMC accepted a power command and then kept saying that the machine's power is as before.",
  blame: "machine",
  evidence: "What the BMC said of the power after each attempt.",
  next: "Look at the machine: is its power as the BMC says? Check its mains power and the BMC's event log; restart the BMC.",
  test: "test/wrong/power.large.test.ts",
} as const satisfies Cause;
