import type { Cause } from "./cause.ts";

export const identityShared = {
  code: "identity-shared",
  title: "Two machines have one identity",
  meaning:
    "A machine whose network cards nobody knows has the UUID or the BMC address of a machine that is known, and was taken for it. Either all its cards were replaced, or the maker gave two machines one UUID, or two machines name one BMC.",
  blame: "machine",
  evidence: "The network cards of the machine that came.",
  next: "If its cards were replaced, commission it again. If these are two machines, give one another UUID in its firmware, or correct the address of its BMC.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;
