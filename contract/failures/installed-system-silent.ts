import type { Cause } from "./cause.ts";

export const installedSystemSilent = {
  code: "installed-system-silent",
  title: "The machine was sent to its disk and nothing was heard of the system there",
  meaning:
    "After the installation the machine was told to boot from its disk, and the installed system never asked for its metadata: it does not start, is stuck, or has no network.",
  blame: "machine",
  evidence: "The rule that sent it to the disk.",
  next: "Look at the machine's console: does the system start, and does its network come up? Check the boot mode and the disk.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
