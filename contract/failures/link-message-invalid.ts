import type { Cause } from "./cause.ts";

export const linkMessageInvalid = {
  code: "link-message-invalid",
  title: "A message of the rack link cannot be understood",
  meaning: "Rack and region do not agree on the form of a message: they are most likely of different versions.",
  blame: "operator",
  evidence: "What is wrong with the message is in the sentence.",
  next: "Bring region and rack to the same version.",
  test: "contract/rack-peer.test.ts",
} as const satisfies Cause;
