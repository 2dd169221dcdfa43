import type { Cause } from "./cause.ts";

export const machineClockOff = {
  code: "machine-clock-off",
  title: "The machine's clock is far off",
  meaning:
    "What the machine says of the time differs from the region's clock by more than five minutes. Rackwright itself does not mind, but certificates, package signatures and logs of the installed system will.",
  blame: "machine",
  evidence: "Both clocks.",
  next: "Set the machine's clock in its firmware or replace its battery, and give its subnet NTP servers; check the region's clock too.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
