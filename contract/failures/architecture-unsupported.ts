import type { Cause } from "./cause.ts";

export const architectureUnsupported = {
  code: "architecture-unsupported",
  title: "The firmware cannot start anything there is",
  meaning:
    "The network boot program of the machine named an architecture for which Rackwright has no boot loader, such as 32-bit UEFI. It gets an address, but no boot file.",
  blame: "machine",
  evidence: "The kind of client and its DHCP option 93.",
  next: "Switch the machine's firmware to UEFI x64, UEFI arm64 or BIOS network boot.",
  test: "test/wrong/stranger.large.test.ts",
} as const satisfies Cause;
