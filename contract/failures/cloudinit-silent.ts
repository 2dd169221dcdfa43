import type { Cause } from "./cause.ts";

export const cloudinitSilent = {
  code: "cloudinit-silent",
  title: "cloud-init of the installed system fell silent",
  meaning: "The installed system came up and cloud-init reported, but it never got to its user data.",
  blame: "machine",
  evidence: "What cloud-init said last.",
  next: "Look at the machine's console and at /var/log/cloud-init-output.log on its disk, then release and deploy again.",
  test: "bench/fleet/fleet.large.test.ts",
} as const satisfies Cause;
