import type { Cause } from "./cause.ts";

export const dhcpNotServed = {
  code: "dhcp-not-served",
  title: "DHCP is not served on a device",
  meaning:
    "The rack cannot open or use its DHCP socket on a device, look for other servers there, or keep its snapshot on disk. What does not need it goes on.",
  blame: "outside",
  evidence: "The error of the operating system is in the sentence.",
  next: "Put right what the operating system complains about: another DHCP server on this host, a device that is down, missing rights, a full disk.",
  test: "rack/dhcp/failures.test.ts",
} as const satisfies Cause;
