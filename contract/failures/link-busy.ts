import type { Cause } from "./cause.ts";

export const linkBusy = {
  code: "link-busy",
  title: "Too many questions wait on the rack link",
  meaning: "One side has asked so much that it waits for answers before it asks more.",
  blame: "outside",
  evidence: "None; the sentence says it all.",
  next: "Look at the load of the database and of the other side of the link.",
  test: "contract/rack-peer.test.ts",
} as const satisfies Cause;
