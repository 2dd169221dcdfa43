import type { Cause } from "./cause.ts";

export const linkLost = {
  code: "link-lost",
  title: "The link between rack and region was lost",
  meaning: "The connection ended before the answer came. The rack connects again by itself.",
  blame: "outside",
  evidence: "None; the sentence says it all.",
  next: "Nothing: the rack connects again by itself. If it does not, look at the log of the rack and of the region.",
  test: "contract/rack-peer.test.ts",
} as const satisfies Cause;
