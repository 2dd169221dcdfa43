import type { Cause } from "./cause.ts";

export const imageNotRoot = {
  code: "image-not-root",
  title: "Building images needs root",
  meaning: "Packages are installed into a file tree of their own, which only root can do.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Run the command as root, for instance with sudo.",
  test: "images/host.test.ts",
} as const satisfies Cause;
