import type { Cause } from "./cause.ts";

export const rackNotLinked = {
  code: "rack-not-linked",
  title: "The rack is not linked to this region process",
  meaning:
    "What a rack would put on the wire only the rack itself can tell, over its link. The one that was named is not connected, or is linked to another process of the region.",
  blame: "outside",
  evidence: "The racks that are linked here.",
  next: "Start the rack, or ask the region process it is linked to; the decision itself holds without it.",
  test: "region/boot/explain.medium.test.ts",
} as const satisfies Cause;
