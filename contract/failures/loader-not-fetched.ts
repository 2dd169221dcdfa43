import type { Cause } from "./cause.ts";

export const loaderNotFetched = {
  code: "loader-not-fetched",
  title: "The machine got an address and fetched no boot loader",
  meaning:
    "The machine was given an address and the name of a boot loader, and never asked for the file: TFTP does not get through, its firmware took the file's name from another server, or it goes on to another boot device.",
  blame: "machine",
  evidence: "The machine's DHCP packets and the answers to them.",
  next: "Check that UDP port 69 and the ports above 1023 of the rack reach the machine, and that network boot comes first.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
