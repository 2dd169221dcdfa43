import type { Cause } from "./cause.ts";

export const linkHandlerFailed = {
  code: "link-handler-failed",
  title: "The other side of the rack link met a defect",
  meaning: "What was asked over the link between rack and region ran into a defect there.",
  blame: "rackwright",
  evidence: "The log of the other side has the error.",
  next: "The log of that side has the error; please report it as a defect.",
  test: "contract/rack-peer.test.ts",
} as const satisfies Cause;
