import type { Cause } from "./cause.ts";

export const notRebooted = {
  code: "not-rebooted",
  title: "The machine did not start again after the installation",
  meaning:
    "The system is on the disk and the agent told the machine to restart, and nothing was seen of it since: it hangs while restarting, or does not boot from the network first and its disk does not boot.",
  blame: "machine",
  evidence: "What was last seen of it.",
  next: "Look at the machine's console; check its boot order, and that it can restart by itself.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
