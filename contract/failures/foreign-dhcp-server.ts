import type { Cause } from "./cause.ts";

export const foreignDhcpServer = {
  code: "foreign-dhcp-server",
  title: "Another DHCP server answers on the wire",
  meaning:
    "A DHCP server that is not Rackwright's hands out addresses on a network it serves. Machines may get an address and a boot file from it instead, and then never boot what they should.",
  blame: "outside",
  evidence: "The packet that gave it away: its OFFER, or a client's REQUEST that names it.",
  next: "Turn that server off for this network, or turn DHCP off for the subnet here and let that server name the rack as next-server.",
  test: "test/wrong/second-dhcp.large.test.ts",
} as const satisfies Cause;
