import type { Cause } from "./cause.ts";

export const memoryTooSmall = {
  code: "memory-too-small",
  title: "The machine has too little memory to run the image from it",
  meaning:
    "A machine deployed to memory holds the whole image in memory, beside what the system needs to run. By its inventory this machine has less than that, so it is refused before it is switched on, or does not boot.",
  blame: "machine",
  evidence: "The image's size, what is needed and what the inventory says there is.",
  next: "Choose a machine with more memory, deploy a smaller image, or deploy to the disk.",
  test: "region/boot/memory.test.ts",
} as const satisfies Cause;
