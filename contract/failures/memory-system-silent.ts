import type { Cause } from "./cause.ts";

export const memorySystemSilent = {
  code: "memory-system-silent",
  title: "The image was fetched into memory and nothing was heard of the system there",
  meaning:
    "The machine fetched the image that it was to run from memory, but the system in it never asked for its user data: it does not start, has no network, or its cloud-init does not ask the metadata service.",
  blame: "machine",
  evidence: "What was sent to the machine, and what cloud-init said where it said something.",
  next: "Look at the machine's console: does the kernel start, does cloud-init run, and is memory left? Then release and deploy again.",
  test: "region/machines/timeout.medium.test.ts",
} as const satisfies Cause;
