import type { Cause } from "./cause.ts";

export const dhcpMalformed = {
  code: "dhcp-malformed",
  title: "Packets that are no DHCP arrive at the DHCP port",
  meaning:
    "Something sends packets to the DHCP port that cannot be read, come from impossible senders or come too fast. They are dropped and counted; others are served.",
  blame: "machine",
  evidence: "The last of them with sender, device and what is wrong.",
  next: "Find the sender named in the lines; a faulty relay or network card is most likely.",
  test: "test/wrong/garbage.large.test.ts",
} as const satisfies Cause;
