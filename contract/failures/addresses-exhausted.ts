import type { Cause } from "./cause.ts";

export const addressesExhausted = {
  code: "addresses-exhausted",
  title: "No free address is left",
  meaning:
    "Every address of the subnet's dynamic ranges is leased. New machines get no answer to their DHCP requests; those with a lease keep it.",
  blame: "operator",
  evidence: "The subnet and, at the rack, the network card that went without.",
  next: "Give the subnet a further or larger dynamic range (PATCH /api/v1/subnets), or delete machines that are gone.",
  test: "test/wrong/boot.large.test.ts",
} as const satisfies Cause;
