import type { Cause } from "./cause.ts";

export const imageMirrorUnreachable = {
  code: "image-mirror-unreachable",
  title: "The package mirror cannot be reached",
  meaning:
    "The packages an image is made of could not be fetched: no route, no name service, or a proxy that is needed or broken. Nothing half-built was kept.",
  blame: "outside",
  evidence: "The end of the output.",
  next: "Check this host's network, name service and proxy (http_proxy), or choose another mirror, then build again.",
  test: "images/host.test.ts",
} as const satisfies Cause;
