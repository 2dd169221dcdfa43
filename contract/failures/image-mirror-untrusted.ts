import type { Cause } from "./cause.ts";

export const imageMirrorUntrusted = {
  code: "image-mirror-untrusted",
  title: "The package mirror's answer cannot be verified",
  meaning: "What the mirror sent is not signed by a key that is trusted, or is out of date by this host's clock.",
  blame: "outside",
  evidence: "The end of the output.",
  next: "Check this host's clock, bring debian-archive-keyring up to date, or choose another mirror.",
  test: "images/host.test.ts",
} as const satisfies Cause;
