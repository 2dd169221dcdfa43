import type { Cause } from "./cause.ts";

export const loaderCut = {
  code: "loader-cut",
  title: "The boot loader's transfer stopped midway",
  meaning:
    "The machine asked for its boot loader and never got to the end of it: packets are lost or too large on the way, or its firmware gave up.",
  blame: "machine",
  evidence: "The requests for the file, and how the transfers ended.",
  next: "Check the network between machine and rack for lost packets and its largest packet size; look at the machine's console.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
