import type { Cause } from "./cause.ts";

export const dhcpOfferNotTaken = {
  code: "dhcp-offer-not-taken",
  title: "The machine did not take the address offered to it",
  meaning:
    "A rack offered an address and what to boot, and the machine never asked for it: it took the offer of another DHCP server, the answer does not reach it, or its firmware wants something the offer lacks.",
  blame: "machine",
  evidence: "The machine's DHCP packets and the answers to them.",
  next: "Check that no other DHCP server answers on its network, and that broadcasts of the rack reach the machine.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
