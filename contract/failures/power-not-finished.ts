import type { Cause } from "./cause.ts";

export const powerNotFinished = {
  code: "power-not-finished",
  title: "A power command was not carried out in time",
  meaning:
    "The command for the machine's BMC came to no end before the deadline: no rack took it, others were before it, or the BMC is very slow.",
  blame: "rackwright",
  evidence: "What is known of the command.",
  next: "Check that a rack is connected that reaches the BMC, then try again; allow more time in the settings where BMCs are slow.",
  test: "region/machines/timeout.medium.test.ts",
} as const satisfies Cause;
