import type { Cause } from "./cause.ts";

export const dhcpDefect = {
  code: "dhcp-defect",
  title: "A DHCP message could not be answered",
  meaning: "The rack ran into a defect of its own with one client's message. Others are served.",
  blame: "rackwright",
  evidence: "None; the sentence says it all.",
  next: "Please report the sentence with the rack's log.",
  test: "rack/dhcp/failures.test.ts",
} as const satisfies Cause;
