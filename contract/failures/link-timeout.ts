import type { Cause } from "./cause.ts";

export const linkTimeout = {
  code: "link-timeout",
  title: "The other side of the rack link does not answer",
  meaning: "A question over the link between rack and region got no answer in its time.",
  blame: "outside",
  evidence: "None; the sentence says it all.",
  next: "Look at the load of the database and of the other side of the link.",
  test: "contract/rack-peer.test.ts",
} as const satisfies Cause;
