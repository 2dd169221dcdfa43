import type { Cause } from "./cause.ts";

export const noDhcpRequest = {
  code: "no-dhcp-request",
  title: "Nothing was seen of the machine on the network",
  meaning:
    "Its BMC says that the machine is on, or somebody had to switch it on, but no network card of it asked for an address: it boots from another device, its cable is out, DHCP packets do not reach a rack, or it is not really on.",
  blame: "machine",
  evidence: "What its BMC said last.",
  next: "Check its power, its network cable, that its first boot device is the network, and that DHCP is on for its subnet.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
