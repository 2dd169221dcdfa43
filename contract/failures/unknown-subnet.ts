import type { Cause } from "./cause.ts";

export const unknownSubnet = {
  code: "unknown-subnet",
  title: "Rack and region disagree about a subnet",
  meaning:
    "The rack asked for an address on a subnet the region does not know, or got one that is not on the client's link. The next configuration the region sends puts it right.",
  blame: "rackwright",
  evidence: "None; the sentence says it all.",
  next: "Wait a few seconds and let the machine ask again; if it stays, restart the rack and report it.",
  test: "rack/dhcp/failures.test.ts",
} as const satisfies Cause;
