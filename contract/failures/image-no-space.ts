import type { Cause } from "./cause.ts";

export const imageNoSpace = {
  code: "image-no-space",
  title: "There is no room to build images",
  meaning: "The folder of the store or the cache has too little space, or ran out of it.",
  blame: "outside",
  evidence: "The end of the output, where a program ran out of space.",
  next: "Free space there, or choose another folder for the store and the cache, then build again.",
  test: "images/host.test.ts",
} as const satisfies Cause;
