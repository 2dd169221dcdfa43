import type { Cause } from "./cause.ts";

export const machineIdentityTaken = {
  code: "machine-identity-taken",
  title: "A machine introduced itself as one that is known already",
  meaning:
    "A network card that is on no record enlisted with the UUID, network cards or BMC of a machine that is known and not new. Nothing was given to it and nothing changed: boards with copied UUIDs, a card moved to another machine, or a stranger.",
  blame: "machine",
  evidence: "The card that asked, and whose identity it has.",
  next: "Give the board a UUID of its own with its vendor's tool; where a card or board was moved, delete the old machine first.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
