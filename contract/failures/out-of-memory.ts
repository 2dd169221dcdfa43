import type { Cause } from "./cause.ts";

export const outOfMemory = {
  code: "out-of-memory",
  title: "The machine ran out of memory",
  meaning: "The kernel of the ephemeral system, which lives in memory, killed a program because no memory was left.",
  blame: "machine",
  evidence: "The kernel's own lines about it.",
  next: "Give the machine more memory (2 GiB are comfortable), or check whether all its memory modules are seen in its inventory.",
  test: "test/wrong/out-of-memory.large.test.ts",
} as const satisfies Cause;
