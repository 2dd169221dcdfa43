import type { Cause } from "./cause.ts";

export const dhcpNoOffer = {
  code: "dhcp-no-offer",
  title: "The machine asked for an address and got none",
  meaning:
    "A network card of the machine looked for a DHCP server, and no rack made it an offer: DHCP is off for its subnet, or the region could not be asked.",
  blame: "operator",
  evidence: "The machine's DHCP packets, and why they went unanswered.",
  next: "Turn DHCP on for the machine's subnet with a dynamic range, and check that the rack is connected to a region.",
  test: "region/machines/timeout.medium.test.ts",
} as const satisfies Cause;
