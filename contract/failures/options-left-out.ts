import type { Cause } from "./cause.ts";

export const optionsLeftOut = {
  code: "options-left-out",
  title: "A DHCP answer had no room for everything",
  meaning: "The client takes only short answers, so some options were left out.",
  blame: "machine",
  evidence: "The codes of the options.",
  next: "If the machine does not boot, shorten the domain name or the list of servers of its subnet.",
  test: "rack/dhcp/failures.test.ts",
} as const satisfies Cause;
