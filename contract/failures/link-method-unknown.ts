import type { Cause } from "./cause.ts";

export const linkMethodUnknown = {
  code: "link-method-unknown",
  title: "The other side of the rack link is of another version",
  meaning: "Rack or region asked for something the other does not know.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Bring region and rack to the same version.",
  test: "contract/rack-peer.test.ts",
} as const satisfies Cause;
