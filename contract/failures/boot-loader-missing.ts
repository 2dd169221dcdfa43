import type { Cause } from "./cause.ts";

export const bootLoaderMissing = {
  code: "boot-loader-missing",
  title: "A boot loader is in no image",
  meaning:
    "The firmware of a machine needs a boot loader that none of the region's images holds. The machine gets an address, but nothing to boot.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Build or import the image of the boot loaders (rackwright images build).",
  test: "test/wrong/boot.large.test.ts",
} as const satisfies Cause;
