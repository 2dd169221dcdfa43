import type { Cause } from "./cause.ts";

export const scriptNotAsked = {
  code: "script-not-asked",
  title: "The boot loader started and never asked what to boot",
  meaning:
    "The machine fetched its boot loader whole, and then never asked for its script: firmware in the wrong mode or Secure Boot refused it, or the loader does not drive the machine's network card.",
  blame: "machine",
  evidence: "The files the machine fetched.",
  next: "Check the firmware's boot mode (UEFI or BIOS) and Secure Boot, and the machine's console.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
