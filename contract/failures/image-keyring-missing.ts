import type { Cause } from "./cause.ts";

export const imageKeyringMissing = {
  code: "image-keyring-missing",
  title: "The keys of Debian's archive are missing",
  meaning: "Without them packages cannot be verified, so none is used.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Install the package debian-archive-keyring (on Ubuntu it is in universe) and build again.",
  test: "images/host.test.ts",
} as const satisfies Cause;
